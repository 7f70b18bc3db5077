import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  expiresOf,
  formatSipDate,
  hasControl,
  header,
  parseContentType,
  parseNameAddr,
  parseSipDate,
  splitList,
} from '../../../lib/sip/read/headers.ts';
import { rawRequest } from '../raw-request.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...Array.from('<>",;:=\\/@?* \t\r\n\0sipab1é')), maxLength: 60 }),
);
const params = (text: string) => Object.fromEntries(parseNameAddr(text)?.params ?? []);

describe('header', () => {
  test.each([
    ['From', 'f'],
    ['To', 't'],
    ['Call-ID', 'i'],
    ['Contact', 'm'],
    ['Via', 'v'],
    ['Content-Type', 'c'],
    ['Content-Length', 'l'],
    ['Content-Encoding', 'e'],
    ['Subject', 's'],
    ['Supported', 'k'],
    ['Event', 'o'],
    ['Allow-Events', 'u'],
    ['Refer-To', 'r'],
    ['Referred-By', 'b'],
    ['Session-Expires', 'x'],
    ['Request-Disposition', 'd'],
    ['Accept-Contact', 'a'],
    ['Reject-Contact', 'j'],
    ['Identity', 'y'],
  ])('finds %s as drachtio-srf reads it, also written as %s, in any case', (name, compact) => {
    for (const written of [name, name.toLowerCase(), name.toUpperCase(), compact, compact.toUpperCase()]) {
      const req = rawRequest([`${written}: some value`]);
      expect(header(req, name)).toBe('some value');
      expect(header(req, name.toLowerCase())).toBe('some value');
    }
  });

  it('finds headers whose names drachtio-srf leaves as sent', () => {
    const req = rawRequest([
      'X-Thing: 1',
      'P-Access-Network-Info: 2',
      'Diversion: 3',
      'p-asserted-identity: 4',
    ]);
    expect(
      ['x-thing', 'P-ACCESS-NETWORK-INFO', 'diversion', 'P-Asserted-Identity'].map((n) => header(req, n)),
    ).toEqual(['1', '2', '3', '4']);
  });

  it('gives undefined for what is absent, also for names that every object has', () => {
    const req = rawRequest(['To: x']);
    expect(header(req, 'Event')).toBeUndefined();
    expect(header({ get: () => undefined }, 'constructor')).toBeUndefined();
    expect(header({ get: () => null }, 'Event')).toBeUndefined();
    expect(header({ get: () => ({}) }, 'Event')).toBeUndefined();
  });

  it('gives an empty text for an empty header', () => {
    expect(header(rawRequest(['Allow:']), 'Allow')).toBe('');
  });

  it('reads folded lines as one (RFC 3261 7.3.1)', () => {
    const req = rawRequest([
      'Subject: I know you are there,',
      '   pick up the phone',
      '\tand talk!  ',
      'To: y',
    ]);
    expect(header(req, 'Subject')).toBe('I know you are there, pick up the phone and talk!');
    expect(header(rawRequest(['Event:', '  message-summary']), 'Event')).toBe('message-summary');
  });

  it('leaves a bare line end in the value, where hasControl sees it', () => {
    const value = header(rawRequest(['Subject: a\nX-Evil: b']), 'Subject') ?? '';
    expect(hasControl(value)).toBe(true);
  });

  it('joins repeated headers, whichever form they have', () => {
    expect(header(rawRequest(['Allow-Events: a, b', 'u: c']), 'Allow-Events')).toBe('a, b,c');
    expect(header(rawRequest(['k: path', 'Supported: gruu']), 'Supported')).toBe('path,gruu');
    expect(header(rawRequest(['Event: presence', 'o: message-summary']), 'Event')).toBe(
      'presence,message-summary',
    );
  });

  it('takes arrays and numbers for values', () => {
    const values: Record<string, unknown> = { Contact: ['<sip:a@b>', '<sip:c@d>'], Expires: 60, Via: [] };
    const req = { get: (name: string) => values[name] };
    expect(header(req, 'Contact')).toBe('<sip:a@b>,<sip:c@d>');
    expect(header(req, 'Expires')).toBe('60');
    expect(header(req, 'Via')).toBeUndefined();
    expect(expiresOf(req)).toBe(60);
  });

  it('never throws, whatever a header holds', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, name) => {
        header({ get: () => value }, name);
        expiresOf({ get: () => value });
      }),
    );
  });
});

describe('expiresOf', () => {
  test.each([
    ['3600', 3600],
    ['0', 0],
    ['007', 7],
    ['4294967295', 4294967295],
    ['4294967296', 4294967295],
    ['9'.repeat(400), 4294967295],
    ['', 'bad'],
    ['-1', 'bad'],
    ['1.5', 'bad'],
    ['1e3', 'bad'],
    ['0x10', 'bad'],
    ['60, 60', 'bad'],
    ['Thu, 01 Dec 1994 16:00:00 GMT', 'bad'],
    ['٣', 'bad'],
  ] as const)('reads %j as %j', (text, expected) => {
    expect(expiresOf(rawRequest([`Expires: ${text}`]))).toBe(expected);
  });

  it('gives undefined without the header', () => {
    expect(expiresOf(rawRequest(['To: x']))).toBeUndefined();
  });
});

describe('parseNameAddr', () => {
  it('reads the examples of RFC 3261 20', () => {
    expect(
      parseNameAddr('"Mr. Watson" <sip:watson@worcester.bell-telephone.com>;q=0.7; expires=3600'),
    ).toEqual({
      display: 'Mr. Watson',
      uri: 'sip:watson@worcester.bell-telephone.com',
      params: new Map([
        ['q', '0.7'],
        ['expires', '3600'],
      ]),
    });
    expect(parseNameAddr('"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s')).toMatchObject({
      display: 'A. G. Bell',
    });
    expect(parseNameAddr('sip:+12125551212@server.phone2net.com;tag=887s')).toEqual({
      display: undefined,
      uri: 'sip:+12125551212@server.phone2net.com',
      params: new Map([['tag', '887s']]),
    });
    expect(parseNameAddr('Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8')).toMatchObject({
      display: 'Anonymous',
      uri: 'sip:c8oqz84zk7z@privacy.org',
    });
    expect(parseNameAddr('The Operator <sip:operator@cs.columbia.edu>;tag=287447')?.display).toBe(
      'The Operator',
    );
  });

  it('gives URI parameters to the URI inside brackets and to the header outside of them', () => {
    expect(parseNameAddr('<sip:a@b;lr;x="no>')).toBeUndefined();
    expect(parseNameAddr('<sip:a@b;lr>;LR=1')).toMatchObject({
      uri: 'sip:a@b;lr',
      params: new Map([['lr', '1']]),
    });
    // RFC 4475 3.3.12
    expect(parseNameAddr('sip:+19725552222@gw1.example.net;unknownparam')).toMatchObject({
      uri: 'sip:+19725552222@gw1.example.net',
      params: new Map([['unknownparam', undefined]]),
    });
  });

  it('reads quoted names with escaped quotes, backslashes, commas, semicolons and brackets', () => {
    expect(parseNameAddr(String.raw`"J Rosenberg \\\"" <sip:jdrosen@example.com>;tag=98asjd8`)).toMatchObject(
      {
        display: String.raw`J Rosenberg \"`,
        uri: 'sip:jdrosen@example.com',
      },
    );
    expect(parseNameAddr('"a, b; c <sip:evil@x> \\" d"<sip:a@b>')).toMatchObject({
      display: 'a, b; c <sip:evil@x> " d',
      uri: 'sip:a@b',
    });
    expect(parseNameAddr('"" <sip:a@b>')?.display).toBe('');
  });

  it('reads the names of RFC 4475 3.1.1.2 and 3.1.1.5', () => {
    expect(
      parseNameAddr('"BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f" <sip:1_unusual.URI~(to-be!sure)@example.com>')
        ?.display,
    ).toBe('BEL:\u0007 NUL:\u0000 DEL:\u007f');
    expect(
      parseNameAddr(
        "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.",
      ),
    ).toEqual({
      display: "token1~` token2'+_ token3*%!.-",
      uri: 'sip:mundane@example.com',
      params: new Map([
        ["fromparam''~+*_!.-%", 'работающий'],
        ['tag', "_token~1'+`*%!-."],
      ]),
    });
    expect(parseNameAddr('"%Z%45" <sip:resource@example.com>;tag=f232jadfj23')?.display).toBe('%Z%45');
  });

  it('needs no space before the bracket (RFC 4475 3.1.1.6)', () => {
    expect(parseNameAddr('caller<sip:caller@example.com>;tag=323')).toMatchObject({
      display: 'caller',
      uri: 'sip:caller@example.com',
    });
  });

  it('reads the torn lines of RFC 4475 3.1.1.1 as drachtio-srf hands them over', () => {
    const req = rawRequest(
      [
        'TO :',
        ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
        String.raw`from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>`,
        '  ;',
        '  tag = 98asjd8',
        'NewFangledHeader:   newfangled value',
        ' continued newfangled value',
        'UnknownHeaderWithUnusualValue: ;;,,;;,;',
        String.raw`m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =`,
        '      newvalue ;',
        '  secondparam ; q = 0.33',
      ],
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
    );
    const address = (name: string) => parseNameAddr(header(req, name) ?? '');
    expect(address('To')).toEqual({
      display: undefined,
      uri: 'sip:vivekg@chair-dnrc.example.com',
      params: new Map([['tag', '1918181833n']]),
    });
    expect(address('From')).toEqual({
      display: String.raw`J Rosenberg \"`,
      uri: 'sip:jdrosen@example.com',
      params: new Map([['tag', '98asjd8']]),
    });
    expect(address('Contact')).toEqual({
      display: 'Quoted string ""',
      uri: 'sip:jdrosen@example.com',
      params: new Map([
        ['newparam', 'newvalue'],
        ['secondparam', undefined],
        ['q', '0.33'],
      ]),
    });
    expect(header(req, 'NewFangledHeader')).toBe('newfangled value continued newfangled value');
  });

  it('reads very long values (RFC 4475 3.1.1.7)', () => {
    const name = `I have a user name of ${'extreme'.repeat(2000)} proportion`;
    const value = `${'very'.repeat(2000)}long`;
    expect(parseNameAddr(`"${name}" <sip:user@example.com:6000;unknownparam1=${value}>;p=${value}`)).toEqual({
      display: name,
      uri: `sip:user@example.com:6000;unknownparam1=${value}`,
      params: new Map([['p', value]]),
    });
  });

  it('reads other schemes (RFC 4475 3.3.4)', () => {
    expect(parseNameAddr('<isbn:2983792873>')?.uri).toBe('isbn:2983792873');
    expect(parseNameAddr('tel:+49-30;phone-context=x')).toMatchObject({ uri: 'tel:+49-30' });
  });

  it('reads instance, gruu and feature parameters', () => {
    expect(
      params(
        '<sip:a@b;gr>;+sip.instance="<urn:uuid:1-2>";reg-id=1;Expires = "60" ;methods="INVITE, MESSAGE";+g.x;pn=a/b==',
      ),
    ).toEqual({
      '+sip.instance': '<urn:uuid:1-2>',
      'reg-id': '1',
      expires: '60',
      methods: 'INVITE, MESSAGE',
      '+g.x': undefined,
      pn: 'a/b==',
    });
    expect(params('<sip:a@b>;;tag=1;TAG=2;')).toEqual({ tag: '1' });
  });

  it('takes names that should have been quoted', () => {
    expect(parseNameAddr('José (Büro) alice@example.com <sip:a@b>')?.display).toBe(
      'José (Büro) alice@example.com',
    );
  });

  test.each([
    ['an address without a scheme', 'alice@example.com'],
    ['nothing', ''],
    ['a star', '*'],
    ['a quote that does not close (RFC 4475 3.1.2.6)', '"Mr. J. User <sip:j.user@example.com>'],
    ['a name and no URI', '"Alice"'],
    ['a bracket that does not close', '<sip:a@b'],
    ['an empty bracket', '<>'],
    [
      'a question mark outside of brackets (RFC 4475 3.1.2.13)',
      'sip:user@example.com?Route=%3Csip:sip.example.com%3E',
    ],
    ['a comma outside of brackets', 'sip:a,b@c'],
    [
      'an address without a scheme in brackets (RFC 4475 3.1.2.14)',
      '"Watson, Thomas" < t.watson@example.org >',
    ],
    ['a name with a bare comma (RFC 4475 3.1.2.15)', 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43'],
    ['two addresses', '<sip:a@b>, <sip:c@d>'],
    ['two joined headers', '<sip:a@b>;tag=1,<sip:c@d>;tag=2'],
    ['rubbish behind the bracket', '<sip:a@b> x'],
    ['a line end in the URI', '<sip:a@b\r\nX: y>'],
    ['a line end in a parameter', '<sip:a@b>;x=1\r\n ;y'],
    ['a blank in the URI', '<sip:a b@c>'],
    ['a parameter without a name', '<sip:a@b>;=1'],
    ['a quoted parameter that does not close', '<sip:a@b>;x="1'],
    ['a control character in the name', 'a\u0007b <sip:a@b>'],
  ])('does not read %s', (_, text) => {
    expect(parseNameAddr(text)).toBeUndefined();
  });

  it('reads back what is written by the grammar', () => {
    const display = fc.string({ unit: 'binary', maxLength: 20 });
    const name = fc.stringMatching(/^[a-z0-9+.-]{1,8}$/);
    const value = fc.option(fc.string({ unit: 'binary', maxLength: 20 }), { nil: undefined });
    const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
    fc.assert(
      fc.property(
        display,
        fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n }),
        (shown, entries) => {
          const tail = entries.map(([n, v]) => `;${n}${v === undefined ? '' : `=${quote(v)}`}`);
          const text = `${quote(shown)} <sip:a@b;c>${tail.join(' ')}`;
          expect(parseNameAddr(text)).toEqual({ display: shown, uri: 'sip:a@b;c', params: new Map(entries) });
          expect(splitList(`${text},*,${text}`)).toEqual([text, '*', text]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never throws, and needs time in proportion to the length', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, tail) => {
        parseNameAddr(tail ? `<sip:a@b>;${text}` : text);
        splitList(text);
        parseContentType(text);
        parseContentType(`text/plain;${text}`);
        parseSipDate(text);
        hasControl(text);
      }),
      { numRuns: 3000 },
    );
    const started = performance.now();
    for (const unit of [
      '"',
      '\\',
      '<',
      '>',
      ' ',
      ';',
      ',',
      '=',
      'a',
      '\t',
      '"\\',
      '<>',
      ';a',
      ';a=',
      ' ;',
      '/',
      'a/',
      '""',
    ])
      for (const head of ['', '"', '<sip:a@b>', 'sip:a@b', '<sip:a@b>;a="', 'a/b', 'a']) {
        const text = head + unit.repeat(100_000);
        parseNameAddr(text);
        splitList(text);
        parseContentType(text);
        parseSipDate(text);
        header({ get: () => `${text}\r\n` }, 'Event');
      }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('splitList', () => {
  it('cuts at commas outside of quotes and brackets', () => {
    expect(splitList('"a,b\\"," <sip:c,d@e;f="g,>;h="i,j", <sip:k@l>,m')).toEqual([
      '"a,b\\"," <sip:c,d@e;f="g,>;h="i,j"',
      '<sip:k@l>',
      'm',
    ]);
  });

  it('trims entries and leaves empty ones out', () => {
    expect(splitList(' INVITE ,\tACK,, BYE,')).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(splitList('')).toEqual([]);
  });

  it('gives the rest as one entry when a quote or bracket never closes', () => {
    expect(splitList('a, "b, c')).toEqual(['a', '"b, c']);
    expect(splitList('a, <b, c')).toEqual(['a', '<b, c']);
  });
});

describe('parseContentType', () => {
  it('reads type and parameters', () => {
    expect(parseContentType('Text/Plain ; Charset="UTF-8";format=flowed')).toEqual({
      type: 'text/plain',
      params: new Map([
        ['charset', 'UTF-8'],
        ['format', 'flowed'],
      ]),
    });
    expect(parseContentType('message/CPIM')).toEqual({ type: 'message/cpim', params: new Map() });
    expect(parseContentType('application / vnd.3gpp.sms; x')).toEqual({
      type: 'application/vnd.3gpp.sms',
      params: new Map([['x', '']]),
    });
  });

  test.each([
    '',
    'text',
    'text/',
    '/plain',
    'text/plain/x',
    'text plain',
    'text/pl ain',
    'text/plain,text/html',
  ])('does not read %j', (text) => {
    expect(parseContentType(text)).toBeUndefined();
  });

  it('does not read parameters that were damaged or joined from two headers', () => {
    expect(parseContentType('text/plain;charset=utf-8,text/html')).toBeUndefined();
    expect(parseContentType('text/plain;charset="utf-8')).toBeUndefined();
    expect(parseContentType('text/plain;charset=a b')).toBeUndefined();
  });
});

describe('SIP dates', () => {
  it('are written as RFC 3261 20.17 shows', () => {
    expect(formatSipDate(1289690940)).toBe('Sat, 13 Nov 2010 23:29:00 GMT');
    expect(formatSipDate(0.9)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
  });

  it('stay in the form for impossible times', () => {
    expect(formatSipDate(-1)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    expect(formatSipDate(Number.NaN)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    expect(formatSipDate(Number.POSITIVE_INFINITY)).toBe('Fri, 31 Dec 9999 23:59:59 GMT');
  });

  it('come back as the same second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseSipDate(formatSipDate(seconds))).toBe(seconds);
      }),
    );
  });

  it('are read in any case and with one digit for the day', () => {
    expect(parseSipDate('sat, 13 nov 2010 23:29:00 gmt')).toBe(1289690940);
    expect(parseSipDate(' Mon, 1 Nov 2010 00:00:60 GMT ')).toBe(1288569660);
  });

  test.each([
    'Fri, 01 Jan 2010 16:00:00 EST',
    'Sat, 13 Nov 2010 23:29:00',
    '13 Nov 2010 23:29:00 GMT',
    'Sat, 31 Feb 2010 00:00:00 GMT',
    'Sat, 00 Nov 2010 00:00:00 GMT',
    'Sat, 13 Foo 2010 00:00:00 GMT',
    'Sat, 13 Nov 2010 24:00:00 GMT',
    'Sat, 13 Nov 2010 23:60:00 GMT',
    'Sat, 13 Nov 2010 23:00:61 GMT',
    'Sat, 13 Nov 1969 23:00:00 GMT',
    '1289690940',
    '',
  ])('are not read from %j', (text) => {
    expect(parseSipDate(text)).toBeUndefined();
  });
});

describe('hasControl', () => {
  it('finds C0 and DEL, and allows HTAB and all other text', () => {
    for (let code = 0; code < 0x100; code++)
      expect(hasControl(`a${String.fromCharCode(code)}b`)).toBe((code < 0x20 && code !== 9) || code === 0x7f);
    expect(hasControl('Grüße 😀\u2028')).toBe(false);
  });
});
