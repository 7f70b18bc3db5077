import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  aorOf,
  formatUri,
  parseUri,
  sameUri,
  splitAor,
  targetOf,
  type SipUri,
} from '../../../lib/sip/read/uri.ts';

const uri = (text: string): SipUri => {
  const parsed = parseUri(text);
  if (parsed === undefined) throw new Error(`not a URI: ${text}`);
  return parsed;
};
const params = (text: string): Record<string, string | undefined> => Object.fromEntries(uri(text).params);

/** RFC 4475 3.1.1.2 */
const WILD_USER = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*";
const WILD = `sip:${WILD_USER}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com`;

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...Array.from('sipstel:@;?=%41[]<>".+-\\\r\n\0 aZ9é')), maxLength: 60 }),
  fc
    .string({ unit: fc.constantFrom(...Array.from('ab%4@;:?=[]1.-#')), maxLength: 40 })
    .map((rest) => `sip:${rest}`),
);
const escapes = (text: string, upper: boolean) =>
  Array.from(new TextEncoder().encode(text), (byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    return `%${upper ? hex.toUpperCase() : hex}`;
  }).join('');
const UNRESERVED = Array.from("abcxyzABCXYZ0123456789-_.!~*'()");
const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const host = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const paramText = fc.string({
  unit: fc.constantFrom(...UNRESERVED, '[', ']', '/', ':', '&', '+', '$', '%41', '%3d'),
});
const legalUri = fc
  .record({
    scheme: fc.constantFrom('sip', 'SIP', 'sips', 'Sips'),
    user: fc.option(
      fc.string({
        unit: fc.constantFrom(...UNRESERVED, ...Array.from('&=+$,;?/'), '%40', '%3b', '%00', '%C3%A9'),
        minLength: 1,
      }),
    ),
    host,
    port: fc.option(fc.integer({ min: 1, max: 65535 })),
    params: fc.array(
      fc.tuple(
        paramText.filter((name) => name !== ''),
        fc.option(paramText),
      ),
      { maxLength: 4 },
    ),
  })
  .map(
    (parts) =>
      `${parts.scheme}:${parts.user === null ? '' : `${parts.user}@`}${parts.host}` +
      (parts.port === null ? '' : `:${parts.port}`) +
      parts.params.map(([name, value]) => `;${name}${value === null ? '' : `=${value}`}`).join(''),
  );

describe('parseUri', () => {
  it('reads the examples of RFC 3261 19.1.3', () => {
    expect(uri('sip:alice@atlanta.com')).toEqual({
      scheme: 'sip',
      user: 'alice',
      host: 'atlanta.com',
      port: undefined,
      params: new Map(),
    });
    expect(uri('sip:alice:secretword@atlanta.com;transport=tcp')).toMatchObject({
      user: 'alice',
      host: 'atlanta.com',
      params: new Map([['transport', 'tcp']]),
    });
    expect(uri('sips:alice@atlanta.com?subject=project%20x&priority=urgent')).toMatchObject({
      scheme: 'sips',
      host: 'atlanta.com',
      params: new Map(),
    });
    expect(uri('sip:+1-212-555-1212:1234@gateway.com;user=phone')).toMatchObject({
      user: '+1-212-555-1212',
      host: 'gateway.com',
      params: new Map([['user', 'phone']]),
    });
    expect(uri('sips:1212@gateway.com').user).toBe('1212');
    expect(uri('sip:alice@192.0.2.4').host).toBe('192.0.2.4');
    expect(uri('sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com')).toMatchObject({
      user: undefined,
      host: 'atlanta.com',
    });
    expect(uri('sip:alice;day=tuesday@atlanta.com').user).toBe('alice;day=tuesday');
  });

  it('reads scheme and host in any case', () => {
    expect(formatUri(uri('SIP:Alice@EXAMPLE.Com'))).toBe('sip:Alice@example.com');
    expect(uri('TEL:+49').scheme).toBe('tel');
  });

  it('drops the dot at the end of a host', () => {
    expect(uri('sip:a@example.com.:5060')).toMatchObject({ host: 'example.com', port: 5060 });
  });

  it('keeps the brackets of IPv6 and gives each address one spelling (RFC 5954)', () => {
    expect(uri('sip:a@[2001:DB8::10]:5070')).toMatchObject({ host: '[2001:db8::10]', port: 5070 });
    expect(uri('sip:[2001:db8:0:0:0:0:0:10];x').host).toBe('[2001:db8::10]');
    expect(uri('sip:a@[::ffff:192.0.2.10]').host).toBe(uri('sip:a@[::ffff:c000:20a]').host);
  });

  it('gives parameters to a host of one label, which drachtio-srf does not', () => {
    expect(uri('sip:a@b;lr')).toMatchObject({ host: 'b', params: new Map([['lr', undefined]]) });
  });

  it('reads the unusual user of RFC 4475 3.1.1.2', () => {
    expect(uri(WILD)).toMatchObject({ user: WILD_USER, host: 'example.com' });
  });

  it('reads the semicolon in the user part of RFC 4475 3.1.1.9', () => {
    expect(uri('sip:user;par=u%40example.net@example.com')).toMatchObject({
      user: 'user;par=u%40example.net',
      host: 'example.com',
      params: new Map(),
    });
  });

  it('decodes the escapes of RFC 4475 3.1.1.3 exactly once', () => {
    expect(uri('sip:sips%3Auser%40example.com@example.net')).toMatchObject({
      user: 'sips%3Auser%40example.com',
      host: 'example.net',
    });
    expect(uri('sip:%75se%72@example.com').user).toBe('user');
    expect(uri('sip:I%20have%20spaces@example.net').user).toBe('I%20have%20spaces');
    expect(params('sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31')).toEqual({
      lr: undefined,
      name: 'value%2541',
    });
  });

  it('keeps an escaped NUL escaped (RFC 4475 3.1.1.4)', () => {
    expect(uri('sip:null-%00-null@example.com').user).toBe('null-%00-null');
    expect(uri('sip:%00%00@host5.example.net').user).toBe('%00%00');
  });

  it('keeps the first of two parameters with one name and passes over empty ones', () => {
    expect(params('sip:a@b.c;;X=1;x=2;')).toEqual({ x: '1' });
    expect(params('sip:a@b.c;x=')).toEqual({ x: '' });
  });

  it('takes an empty user as none', () => {
    expect(uri('sip:@192.0.2.1').user).toBeUndefined();
    expect(uri('sip::secret@192.0.2.1').user).toBeUndefined();
  });

  it('escapes what phones send bare although the grammar does not allow it', () => {
    expect(uri('sip:*21#@example.com').user).toBe('*21%23');
    expect(uri('sip:müller@example.com').user).toBe('m%C3%BCller');
    expect(uri('sip:😀@example.com').user).toBe('%F0%9F%98%80');
  });

  it('reads tel URIs without their visual separators (RFC 3966)', () => {
    expect(uri('tel:+1-201-555-0123')).toMatchObject({ scheme: 'tel', user: '+12015550123', host: '' });
    expect(formatUri(uri('tel:(0)863.1234;Phone-Context=+1-914-555'))).toBe(
      'tel:08631234;phone-context=+1-914-555',
    );
    expect(uri('tel:*21#').user).toBe('*21#');
  });

  test.each([
    [''],
    ['sip'],
    ['sip:'],
    ['sip:@'],
    ['*'],
    ['alice@example.com'],
    ['mailto:alice@example.com'],
    ['im:alice@example.com'],
    ['http://example.com'],
    ['sip:a@'],
    ['sip:a@b@c'],
    ['sip:a@b;x=c@d'],
    ['sip:a@b:'],
    ['sip:a@b:5o60'],
    ['sip:a@b:65536'],
    ['sip:a@b:99999999999999999999'],
    ['sip:a@.b'],
    ['sip:a@b..c'],
    ['sip:a@.'],
    ['sip:a@b#c'],
    ['sip:a@b/c'],
    ['sip:a@[::1'],
    ['sip:a@[::1]x'],
    ['sip:a@[:::]'],
    ['sip:a@[fe80::1%25eth0]'],
    ['sip:a@::1'],
    ['sip:100%@b'],
    ['sip:a%4@b'],
    ['sip:a%GG@b'],
    ['sip:a@b;=x'],
    ['sip:a@b;%zz'],
    ['sip:a b@c'],
    [' sip:a@b'],
    ['sip:a@b\r\nX-Evil: 1'],
    ['sip:a\0@b'],
    ['<sip:a@b>'],
    ['sip:a@b>'],
    ['sip:"a"@b'],
    ['sip:a\ud800@b'],
    ['sip:a\ufffd@b'],
    ['tel:'],
    ['tel:+'],
    ['tel:alice'],
    ['tel:+49@example.com'],
    ['tel:%2B49'],
  ])('does not read %j', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, prefix) => {
        const input = prefix ? `sip:${text}` : text;
        const parsed = parseUri(input);
        if (parsed !== undefined) formatUri(parsed);
        targetOf(input);
        aorOf(input, { telDomain: text });
        splitAor(input);
        sameUri(input, text);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads every legal URI, and back from its own text the same parts', () => {
    fc.assert(
      fc.property(legalUri, (text) => {
        const parsed = uri(text);
        expect(parseUri(formatUri(parsed))).toEqual(parsed);
        expect(formatUri(uri(formatUri(parsed)))).toBe(formatUri(parsed));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads back whatever it read from arbitrary text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseUri(`sip:${text}`);
        if (parsed !== undefined) expect(parseUri(formatUri(parsed))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });

  it('needs time in proportion to the length', () => {
    const long = 200_000;
    const started = performance.now();
    for (const text of [
      `sip:${'a'.repeat(long)}`,
      `sip:${'a.'.repeat(long)}`,
      `sip:${'%41'.repeat(long)}@b`,
      `sip:${'%'.repeat(long)}@b`,
      `sip:a@b${';'.repeat(long)}`,
      `sip:a@b${';a=b'.repeat(long)}`,
      `sip:a@${'['.repeat(long)}`,
      `sip:a@[${':'.repeat(long)}]`,
      `sip:a@b:${'9'.repeat(long)}`,
      `sip:a${'@'.repeat(long)}`,
      `sip:a@b?${'&'.repeat(long)}`,
      `tel:${'-'.repeat(long)}`,
      `${' '.repeat(long)}sip:a@b`,
    ]) {
      parseUri(text);
      targetOf(text);
      sameUri(text, text);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

it.each(['0', '00', '65536', '99999', '', '-1', '5060x', '4294967296'])(
  'a URI with the port "%s" is none: nobody can be there',
  (port) => {
    for (const text of [`sip:a@b:${port}`, `sips:a@[::1]:${port};lr`, `sip:b:${port}`])
      expect(parseUri(text)).toBeUndefined();
  },
);

describe('aorOf', () => {
  it('drops scheme, password, port, parameters and headers', () => {
    expect(aorOf('sips:Alice:pw@Example.COM.:5061;transport=tcp?subject=x')).toBe('Alice@example.com');
  });

  it('keeps the case of the user (RFC 3261 19.1.4)', () => {
    expect(aorOf('sip:ALICE@AtLanTa.CoM')).not.toBe(aorOf('sip:alice@AtLanTa.CoM'));
  });

  it('holds escaped and bare unreserved characters for the same', () => {
    expect(aorOf('sip:%61lice@atlanta.com')).toBe('alice@atlanta.com');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...UNRESERVED), minLength: 1 }),
        fc.boolean(),
        (user, upper) => {
          expect(aorOf(`sip:${escapes(user, upper)}@h`)).toBe(`${user}@h`);
          expect(aorOf(`sip:${user}@h`)).toBe(`${user}@h`);
        },
      ),
    );
  });

  it('holds escaped and bare reserved characters for different (RFC 3261 19.1.4)', () => {
    expect(aorOf('sip:+49@h')).toBe('+49@h');
    expect(aorOf('sip:%2b49@h')).toBe('%2B49@h');
    expect(aorOf('sip:a%40b@h')).toBe('a%40b@h');
    expect(aorOf('sip:a%3ab@h')).toBe('a%3Ab@h');
  });

  it('holds any text and its UTF-8 escapes for the same, reserved and forbidden characters aside', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((user) => !/[\p{Cc}\s<>"\ufffd%@:&=+$,;?/]/u.test(user));
    fc.assert(
      fc.property(text, fc.boolean(), (user, upper) => {
        expect(aorOf(`sip:${escapes(user, upper)}@h`)).toBe(aorOf(`sip:${user}@h`));
      }),
    );
  });

  it('has none for a URI without a user, or that is none', () => {
    expect(aorOf('sip:example.com')).toBeUndefined();
    expect(aorOf('sip:@example.com')).toBeUndefined();
    expect(aorOf('mailto:a@example.com')).toBeUndefined();
    expect(aorOf('alice@example.com')).toBeUndefined();
  });

  it('takes a URI that is already read', () => {
    expect(aorOf(uri('sip:%61@B'))).toBe('a@b');
    expect(aorOf({ scheme: 'sip', user: 'a@b:c', host: 'H.', port: undefined, params: new Map() })).toBe(
      'a%40b%3Ac@h',
    );
  });

  it('puts telephone numbers into the given domain, and nowhere without one', () => {
    const telDomain = 'Example.com';
    expect(aorOf('tel:+1-212;phone-context=example.com')).toBeUndefined();
    expect(aorOf('tel:+49 30'.replace(' ', '-'), { telDomain })).toBe('+4930@example.com');
    expect(aorOf('tel:7042', { telDomain })).toBe('7042@example.com');
    expect(aorOf('tel:7042;phone-context=EXAMPLE.com', { telDomain })).toBe('7042@example.com');
    expect(aorOf('tel:7042;phone-context=other.com', { telDomain })).toBeUndefined();
    expect(aorOf('tel:7042;phone-context=+49', { telDomain })).toBeUndefined();
    expect(aorOf('tel:*21#', { telDomain })).toBe('*21%23@example.com');
    expect(aorOf('tel:7042', { telDomain: 'not a host' })).toBeUndefined();
  });

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(fc.oneof(legalUri, anyText), (text) => {
        const aor = aorOf(text, { telDomain: 'example.com' });
        if (aor === undefined) return;
        expect(aorOf(`sip:${aor}`)).toBe(aor);
        expect(aorOf(`sips:${aor};x=y`)).toBe(aor);
        expect(aor).toMatch(/^[!-~]+$/);
        const { user, host: domain } = splitAor(aor);
        expect(`${user}@${domain}`).toBe(aor);
        expect(user).not.toMatch(/[@:]/);
        expect(domain).toBe(uri(`sip:${aor}`).host);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('targetOf', () => {
  it('leaves an ordinary contact byte for byte', () => {
    for (const text of [
      'SIP:Al%69ce:pw@HOST.:5060;Transport=TCP;;ob;x=%41;',
      'sips:a@[::1]',
      'sip:192.0.2.1',
      WILD,
    ])
      expect(targetOf(text)).toBe(text);
  });

  it('removes URI headers, which drachtio-server would send as headers', () => {
    expect(targetOf('sip:a@b?Route=%3Csip:evil%3E')).toBe('sip:a@b');
    expect(targetOf('sip:a@b;lr?X=1?Y=2;z')).toBe('sip:a@b;lr');
    expect(targetOf('sip:b?')).toBe('sip:b');
  });

  it('removes a method parameter in any spelling', () => {
    expect(targetOf('sip:a@b;method=INVITE')).toBe('sip:a@b');
    expect(targetOf('sip:a@b;x=1;METHOD=BYE;y;%6dethod;methods=2?h=1')).toBe('sip:a@b;x=1;y;methods=2');
  });

  it('refuses control characters and what is no URI', () => {
    for (const text of [
      'sip:a@b\r\nX: 1',
      'sip:a@b\n',
      'sip:a@b\0',
      'sip:a\u007f@b',
      '*',
      '',
      'mailto:a@b',
      'sip:a@b@c',
      'sip:a@b> <sip:c',
    ])
      expect(targetOf(text)).toBeUndefined();
  });

  it('never lets a header or a line end through, and is stable', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, legalUri), anyText, (contact, tail) => {
        const target = targetOf(contact + tail);
        if (target === undefined) return;
        expect(target.slice(target.indexOf('@') + 1)).not.toContain('?');
        expect(target).not.toMatch(/[\p{Cc}\s<>]/u);
        expect(target === contact + tail || target.length < (contact + tail).length).toBe(true);
        expect(targetOf(target)).toBe(target);
        expect(aorOf(target)).toBe(aorOf(contact + tail));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('sameUri', () => {
  test.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a@[2001:db8::9:1]', 'sip:a@[2001:DB8:0:0::9:01]'],
    ['tel:+1-212-555', 'tel:+1212555'],
    ['mailto:x@y', 'mailto:x@y'],
  ])('holds %s and %s for the same (RFC 3261 19.1.4)', (a, b) => {
    expect(sameUri(a, b)).toBe(true);
    expect(sameUri(b, a)).toBe(true);
  });

  test.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:bob:a@biloxi.com', 'sip:bob:b@biloxi.com'],
    ['sip:bob:a@biloxi.com', 'sip:bob@biloxi.com'],
    ['tel:7042;phone-context=a.com', 'tel:7042'],
    ['mailto:x@y', 'mailto:X@y'],
  ])('holds %s and %s for different (RFC 3261 19.1.4)', (a, b) => {
    expect(sameUri(a, b)).toBe(false);
    expect(sameUri(b, a)).toBe(false);
  });
});

describe('splitAor', () => {
  it('cuts at the @', () => {
    expect(splitAor('a%40b@[::1]')).toEqual({ user: 'a%40b', host: '[::1]' });
    expect(splitAor('example.com')).toEqual({ user: '', host: 'example.com' });
  });
});
