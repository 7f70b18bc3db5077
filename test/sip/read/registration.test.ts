import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SiloError } from '../../../lib/base/errors.ts';
import { readRegistration, takesMessage, type Registration } from '../../../lib/sip/read/registration.ts';
import { rawRequest } from '../raw-request.ts';

const BASE = [
  'Via: SIP/2.0/TCP 10.0.0.5:5060;branch=z9hG4bKnashds7',
  'From: Bob <sip:bob@biloxi.com>;tag=456248',
  'Call-ID: 843817637684230@998sdasdh09',
  'CSeq: 1826 REGISTER',
];
const TO = 'To: Bob <sip:bob@Biloxi.com;x=1>';
const read = (...lines: string[]): Registration => readRegistration(rawRequest([...BASE, TO, ...lines]));
const contact = (value: string) => read(`Contact: ${value}`).contacts[0]!;

/** Runs it and gives the error; each refusal must be one that can be sent as an answer. */
function refusal(run: () => unknown, status = 400): SiloError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SiloError);
    expect(error).toMatchObject({ code: 'SILO_SIP_SYNTAX', status });
    return error as SiloError;
  }
  throw new Error('was read');
}

describe('readRegistration', () => {
  it('reads a whole REGISTER with several contacts', () => {
    const registration = read(
      'Contact: "Bob, desk" <sip:bob@192.0.2.4:5070;transport=tcp>;q=0.7;expires=60;reg-id=1;' +
        '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";methods="INVITE, message,ACK"',
      'm: <sips:bob@[2001:db8::1]>, <mailto:bob@biloxi.com>;q=0.1',
      'Expires: 7200',
      'Path: <sip:p2.example.com;lr>,<sip:p1.example.com;lr;ob>',
      'Path: "edge" <sip:192.0.2.9;lr>',
      'Allow: INVITE, Message',
      'Accept: text/plain, message/cpim',
      'User-Agent: Softphone Beta1.5',
      'k: Path, outbound',
    );
    expect(registration).toMatchObject({
      kind: 'register',
      aor: 'bob@biloxi.com',
      path: ['<sip:p2.example.com;lr>', '<sip:p1.example.com;lr;ob>', '"edge" <sip:192.0.2.9;lr>'],
      allow: ['INVITE', 'MESSAGE'],
      accept: 'text/plain, message/cpim',
      userAgent: 'Softphone Beta1.5',
      callId: '843817637684230@998sdasdh09',
      cseq: 1826,
      expires: 7200,
      supported: ['path', 'outbound'],
      source: { address: '192.0.2.7', port: 40123, protocol: 'tcp' },
      server: '',
    });
    expect(registration.contacts).toHaveLength(3);
    expect(registration.contacts[0]).toMatchObject({
      uri: 'sip:bob@192.0.2.4:5070;transport=tcp',
      expires: 60,
      q: 0.7,
      instance: 'urn:uuid:00000000-0000-1000-8000-000A95A0E128',
      regId: 1,
      methods: ['INVITE', 'MESSAGE', 'ACK'],
    });
    expect(registration.contacts[1]).toEqual({
      uri: 'sips:bob@[2001:db8::1]',
      expires: 7200,
      q: 1,
      instance: undefined,
      regId: undefined,
      methods: undefined,
      params: new Map(),
    });
    expect(registration.contacts[2]).toMatchObject({ uri: 'mailto:bob@biloxi.com', q: 0.1 });
  });

  it('refuses a Contact or a Path where nobody can be', () => {
    refusal(() => read('Contact: <sip:m@127.0.0.1:0>'));
    refusal(() => read('Contact: <sip:m@127.0.0.1:65536>'));
    refusal(() => read('Contact: <sip:m@192.0.2.1>', 'Path: <sip:127.0.0.1:0;lr>'));
    refusal(() => read('Contact: <sip:m@192.0.2.1>', 'Path: <sip:a@127.0.0.1;lr>, <sip:127.0.0.1:70000;lr>'));
  });

  it('takes a REGISTER without Contact for a query (RFC 3261 10.2.3)', () => {
    expect(read()).toMatchObject({
      kind: 'query',
      contacts: [],
      path: [],
      allow: undefined,
      accept: undefined,
      userAgent: undefined,
      expires: undefined,
      supported: [],
    });
  });

  it('takes * with Expires 0 for a clearing, in both forms of the header (RFC 3261 10.2.2)', () => {
    expect(read('Contact: *', 'Expires: 0')).toMatchObject({ kind: 'clear', contacts: [], expires: 0 });
    expect(read('m:*', 'Expires: 0').kind).toBe('clear');
  });

  it('refuses * in every other company (RFC 3261 10.3)', () => {
    refusal(() => read('Contact: *'));
    refusal(() => read('Contact: *', 'Expires: 60'));
    refusal(() => read('Contact: *;expires=0', 'Expires: 0'));
    refusal(() => read('Contact: *, <sip:a@b>', 'Expires: 0'));
    refusal(() => read('Contact: *', 'Contact: *', 'Expires: 0'));
  });

  it('takes the expiry of each contact from its own parameter, else from the header, else leaves it open', () => {
    expect(
      read('Contact: <sip:a@b>;expires=0, <sip:c@d>', 'Expires: 600').contacts.map(({ expires }) => expires),
    ).toEqual([0, 600]);
    expect(contact('<sip:a@b>').expires).toBeUndefined();
    expect(contact('sip:a@b;expires=5')).toMatchObject({ uri: 'sip:a@b', expires: 5 });
    expect(contact('<sip:a@b;expires=5>').expires).toBeUndefined();
  });

  it('takes a malformed expires parameter for 3600 and clamps a huge one (RFC 3261 20.10)', () => {
    for (const value of ['abc', '-1', '1.5', '', '"Sat, 13 Nov 2010 23:29:00 GMT"'])
      expect(contact(`<sip:a@b>;expires=${value}`).expires).toBe(3600);
    expect(contact('<sip:a@b>;expires').expires).toBe(3600);
    expect(contact('<sip:a@b>;expires="60"').expires).toBe(60);
    expect(contact('<sip:a@b>;expires=99999999999').expires).toBe(4294967295);
  });

  it('reads q from 0 to 1 and takes everything else for 1', () => {
    expect(
      ['0', '0.5', '.25', '1.000', '7', 'x', '-1', '1e-3', ''].map((q) => contact(`<sip:a@b>;q=${q}`).q),
    ).toEqual([0, 0.5, 0.25, 1, 1, 1, 1, 1, 1]);
  });

  it('reads instances with and without brackets, and reg-id only together with one (RFC 5626 6)', () => {
    expect(contact('<sip:a@b>;+sip.instance="<urn:uuid:A>"').instance).toBe('urn:uuid:A');
    expect(contact('<sip:a@b>;+SIP.Instance="urn:uuid:A"').instance).toBe('urn:uuid:A');
    expect(contact('<sip:a@b>;+sip.instance="<>"').instance).toBeUndefined();
    expect(contact('<sip:a@b>;reg-id=1').regId).toBeUndefined();
    for (const id of ['0', 'x', '2147483648', '-1', '1.5'])
      expect(contact(`<sip:a@b>;+sip.instance="<urn:x:y>";reg-id=${id}`).regId).toBeUndefined();
  });

  it('counts contacts and hops before it reads them, and reads no more than anybody means', () => {
    const contacts = (count: number) =>
      `Contact: ${Array.from({ length: count }, (_, nth) => `<sip:m@192.0.2.1:${1000 + nth}>`).join(',')}`;
    const path = (count: number) => `Path: ${Array(count).fill('<sip:192.0.2.1;lr>').join(',')}`;
    expect(read(contacts(100)).contacts).toHaveLength(100);
    expect(read(path(50)).path).toHaveLength(50);
    // The last one could not be read: nobody has come to it.
    const many = refusal(() => read(`${contacts(2_999)}, <`), 403);
    expect(many.message).toContain('This REGISTER has 3000 contacts; at most 100 of one request are taken.');
    expect(refusal(() => read(path(51))).message).toContain('a Path of 51 hops; at most 50 are followed.');
  });

  it('refuses contacts that it cannot read', () => {
    for (const value of [
      '',
      ',',
      'alice',
      '<sip:>',
      '<sip:a@b@c>',
      '<sip:a@b',
      '"x <sip:a@b>',
      'sip:user@example.com?Route=%3Csip:sip.example.com%3E',
      '<sip:a@b>, <sip:c@d',
      '<sip:a@b>\nX-Evil: 1',
      '<sip:a@b>;x="\u0000"',
    ])
      refusal(() => contact(value));
  });

  it('keeps URI headers in a contact that is stored: whoever sends to it removes them', () => {
    expect(contact('<sip:a@b?X=1>').uri).toBe('sip:a@b?X=1');
  });

  test.each([
    ['no To', []],
    ['To without a user', ['To: <sip:biloxi.com>']],
    ['To with an unreadable URI', ['To: <sip:a@b@c>']],
    ['To with another scheme', ['To: <isbn:2983792873>']],
    ['To with a number and no domain for numbers', ['To: <tel:+4930>']],
    ['two To', [TO, 't: <sip:alice@biloxi.com>']],
    ['Expires that is no number', [TO, 'Expires: soon']],
    ['a Path without brackets', [TO, 'Path: sip:p1.example.com;lr']],
    ['a Path that is no URI', [TO, 'Path: <p1.example.com>']],
    ['a Path with a line end', [TO, 'Path: <sip:p1.example.com>\n;x']],
  ])('refuses %s', (_, lines) => {
    refusal(() => readRegistration(rawRequest([...BASE, ...lines])));
  });

  test.each([
    ['no CSeq', ['Call-ID: 1']],
    ['a CSeq of another method', ['Call-ID: 1', 'CSeq: 1 INVITE']],
    ['a CSeq over 32 bits (RFC 4475 3.1.2.4)', ['Call-ID: 1', 'CSeq: 36893488147419103232 REGISTER']],
    ['a negative CSeq', ['Call-ID: 1', 'CSeq: -1 REGISTER']],
    ['no Call-ID', ['CSeq: 1 REGISTER']],
    ['an empty Call-ID', ['CSeq: 1 REGISTER', 'Call-ID:']],
  ])('refuses %s', (_, lines) => {
    refusal(() => readRegistration(rawRequest([TO, ...lines])));
  });

  it('says in the refusal what was found, short and without controls', () => {
    const { message } = refusal(() => contact(`<sip:${'x'.repeat(5000)}\n@@>`));
    expect(message).toContain('Contact');
    expect(message.length).toBeLessThan(400);
    expect(refusal(() => contact('<sip:a\nb>')).message).not.toContain('\n');
  });

  it('puts numbers into a domain when it is told which', () => {
    const req = rawRequest([...BASE, 'To: <tel:+49-30>']);
    expect(readRegistration(req, { telDomain: 'biloxi.com' }).aor).toBe('+4930@biloxi.com');
  });

  it('reads compact names and folded lines', () => {
    const registration = readRegistration(
      rawRequest([
        'v: SIP/2.0/UDP 10.0.0.5',
        'f: <sip:bob@biloxi.com>;tag=1',
        't: <sip:b%6fb@BILOXI.com>',
        'i: abc',
        'CSeq: 0009',
        '   REGISTER',
        'm: <sip:bob@192.0.2.4>',
        '   ;expires=60,',
        '\t<sip:bob@192.0.2.5>',
      ]),
    );
    expect(registration).toMatchObject({ aor: 'bob@biloxi.com', callId: 'abc', cseq: 9 });
    expect(registration.contacts.map(({ uri, expires }) => [uri, expires])).toEqual([
      ['sip:bob@192.0.2.4', 60],
      ['sip:bob@192.0.2.5', undefined],
    ]);
  });

  it('leaves out a User-Agent that holds controls, and knows no port where there is none', () => {
    const req = rawRequest([...BASE, TO, 'User-Agent: a\nb']);
    expect(readRegistration(req).userAgent).toBeUndefined();
    const from = (port: number | string) => ({
      get: (name: string) => req.get(name),
      source_address: '::1',
      source_port: port,
      protocol: 'udp',
    });
    expect(readRegistration(from('5062')).source.port).toBe(5062);
    expect(readRegistration(from('x')).source.port).toBe(0);
    expect(readRegistration(from(70000)).source.port).toBe(0);
  });

  it('never throws anything but a refusal', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('<sip:a@b>",;=*\\ \r\n\0%1')) }),
    );
    const values = fc.record({
      to: fc.oneof(fc.constant('<sip:a@b>'), text),
      contact: fc.option(
        fc.oneof(
          fc.constant('*'),
          text,
          text.map((tail) => `<sip:a@b>;${tail}`),
        ),
        { nil: undefined },
      ),
      expires: fc.option(fc.oneof(fc.constant('0'), text), { nil: undefined }),
      path: fc.option(text, { nil: undefined }),
      allow: fc.option(text, { nil: undefined }),
      cseq: fc.oneof(fc.constant('1 REGISTER'), text),
      'call-id': fc.oneof(fc.constant('x'), text),
    });
    fc.assert(
      fc.property(values, (headers: Readonly<Record<string, string | undefined>>) => {
        const get = (name: string) => headers[name.toLowerCase()];
        const request = { get, source_address: '', source_port: '', protocol: 'udp' };
        try {
          for (const found of readRegistration(request).contacts) takesMessage(found, {} as Registration);
        } catch (error) {
          expect(error).toBeInstanceOf(SiloError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('takesMessage', () => {
  const takes = (parameter: string, ...lines: string[]) => {
    const registration = read(`Contact: <sip:a@b>${parameter}`, ...lines);
    return takesMessage(registration.contacts[0]!, registration);
  };

  it('is yes when nothing is said', () => {
    expect(takes('')).toBe(true);
    expect(takes(';methods')).toBe(true);
  });

  it('goes by Allow', () => {
    expect(takes('', 'Allow: INVITE, message')).toBe(true);
    expect(takes('', 'Allow: INVITE, MESSAGES')).toBe(false);
    expect(takes('', 'Allow:')).toBe(false);
  });

  it('goes by the methods parameter before Allow', () => {
    expect(takes(';methods="INVITE,MESSAGE"', 'Allow: INVITE')).toBe(true);
    expect(takes(';methods="INVITE"', 'Allow: MESSAGE')).toBe(false);
    expect(takes(';methods=message')).toBe(true);
  });
});
