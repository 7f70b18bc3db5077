/** Requests that an app sends out of any dialog. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reply, tag, type Sip } from '../support/sip/message.ts';
import type { UdpPeer } from '../support/sip/peer.ts';
import type { Frame, RawApp } from './raw-app.ts';
import { Target } from './target.ts';

describe('requests of an app', () => {
  let target: Target;
  let app: RawApp;
  let phone: UdpPeer;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app([]);
    phone = await target.udp();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  const uri = () => `sip:bob@127.0.0.1:${phone.port}`;

  /** Sends, answers 200 and returns what the phone saw. */
  async function sent(
    headers: readonly string[],
    options: {
      readonly uri?: string;
      readonly body?: string | Buffer;
      readonly proxy?: string;
      readonly method?: string;
    } = {},
  ): Promise<Sip> {
    const echo = await app.request(
      `${options.method ?? 'MESSAGE'} ${options.uri ?? uri()} SIP/2.0`,
      headers,
      options,
    );
    expect(echo.result).toMatch(/^OK\|/);
    const message = await phone.take();
    phone.send(reply(message, 200, 'OK'));
    await app.take();
    return message;
  }

  async function refused(startLine: string, headers: readonly string[] = [], options = {}): Promise<string> {
    const echo: Frame = await app.request(startLine, headers, options);
    await phone.nothing();
    return echo.result;
  }

  it('fills in everything that a request needs', async () => {
    const message = await sent([]);
    expect(message.start).toBe(`MESSAGE ${uri()} SIP/2.0`);
    const via = new RegExp(`^SIP/2\\.0/UDP ${target.sipText};rport;branch=z9hG4bK`);
    expect(message.header('via')).toMatch(via);
    expect(message.header('max-forwards')).toBe('70');
    expect(message.header('from')).toMatch(new RegExp(`^<sip:${target.sipText}>;tag=.+`));
    expect(message.header('to')).toBe(`<${uri()}>`);
    expect(message.header('call-id')).not.toBe('');
    expect(message.header('cseq')).toMatch(/^\d+ MESSAGE$/);
    expect(message.header('content-length')).toBe('0');
    for (const name of ['Contact', 'User-Agent', 'Server', 'Allow', 'Date', 'Supported', 'Content-Type'])
      expect(message.all(name)).toEqual([]);
  });

  it('puts the URI parameters of a default To outside the brackets', async () => {
    const message = await sent([], { uri: `${uri()};user=phone` });
    expect(message.start).toBe(`MESSAGE ${uri()};user=phone SIP/2.0`);
    expect(message.header('to')).toBe(`<${uri()}>;user=phone`);
  });

  it('keeps the Call-ID, CSeq, From tag, To tag and Max-Forwards of the app', async () => {
    const message = await sent([
      'Call-ID: my-own-id@somewhere',
      'CSeq: 4711 MESSAGE',
      'From: "Alice" <sip:alice@example.com>;tag=mine',
      'To: "Bob" <sip:bob@example.com>;tag=theirs',
      'Max-Forwards: 3',
    ]);
    expect(message.header('call-id')).toBe('my-own-id@somewhere');
    expect(message.header('cseq')).toBe('4711 MESSAGE');
    expect(message.header('from')).toBe('"Alice" <sip:alice@example.com>;tag=mine');
    expect(message.header('to')).toBe('"Bob" <sip:bob@example.com>;tag=theirs');
    expect(message.header('max-forwards')).toBe('3');
  });

  it('generates a From tag where the app has none', async () => {
    const message = await sent(['From: <sip:alice@example.com>']);
    expect(message.header('from')).toMatch(/^<sip:alice@example\.com>;tag=.+/);
  });

  it('sends a raw NOTIFY with the dialog facts of the app exactly so', async () => {
    const headers = [
      'From: <sip:mwi@example.com>;tag=local',
      'To: <sip:alice@example.com>;tag=remote',
      'Call-ID: dialog-of-old',
      'CSeq: 17 NOTIFY',
      'Contact: <sip:mwi@app.example.com>',
      'Event: message-summary',
      'Subscription-State: active;expires=60',
      'Content-Type: application/simple-message-summary',
    ];
    const body = 'Messages-Waiting: yes\r\n';
    const message = await sent(headers, { method: 'NOTIFY', body });
    for (const header of headers) expect(message.lines).toContain(header);
    expect(message.body.toString()).toBe(body);
  });

  it('throws away Via, Route, Record-Route, RSeq and Content-Length of the app', async () => {
    const message = await sent(
      [
        'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKapp',
        'Route: <sip:192.0.2.2;lr>',
        'Record-Route: <sip:192.0.2.3;lr>',
        'RSeq: 5',
        'Content-Length: 99',
        'Content-Type: text/plain',
      ],
      { body: 'hello' },
    );
    expect(message.all('via')).toHaveLength(1);
    for (const name of ['Route', 'Record-Route', 'RSeq']) expect(message.all(name)).toEqual([]);
    expect(message.all('content-length')).toEqual(['5']);
    expect(message.body.toString()).toBe('hello');
  });

  it('spells known names in their canonical way, others with capitals, X- and x- as given', async () => {
    const message = await sent([
      'subject: a',
      'P-asserted-IDENTITY: <sip:a@b>',
      'foo-bar: 1',
      'FOO-x: 2',
      'x-lower-case: 3',
      'X-wEIRD: 4',
    ]);
    expect(message.headers.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'Subject',
        'P-Asserted-Identity',
        'Foo-Bar',
        'FOO-X',
        'x-lower-case',
        'X-wEIRD',
      ]),
    );
  });

  it('skips a header whose name has a blank or that has no colon', async () => {
    const message = await sent(['Two words: x', 'nocolon', 'X-After: yes']);
    expect(message.lines.join()).not.toMatch(/Two words|nocolon/);
    expect(message.header('x-after')).toBe('yes');
  });

  it('lets a line end inside a value start a new header', async () => {
    const message = await sent(['X-One: a\rX-Two: b\nX-Three: c']);
    expect([message.header('x-one'), message.header('x-two'), message.header('x-three')]).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('drops an unsound header, and all that follow it, without a word', async () => {
    const message = await sent(['Subject: before', 'Expires: abc', 'X-After: gone', 'Priority: urgent']);
    expect(message.header('subject')).toBe('before');
    for (const name of ['Expires', 'X-After', 'Priority']) expect(message.all(name)).toEqual([]);
  });

  it('takes the last of two values of a header that may stand once', async () => {
    expect((await sent(['Subject: one', 'Subject: two'])).all('subject')).toEqual(['two']);
  });

  it('puts its own address in the place of @localhost', async () => {
    const message = await sent([
      'From: "A" <sip:a@localhost>',
      'To: <sip:b@localhost>',
      'Contact: <sip:c@localhost>',
      'P-Asserted-Identity: <sip:d@localhost>',
    ]);
    expect(message.header('from')).toContain(`<sip:a@${target.sipText}>`);
    expect(message.header('to')).toBe(`<sip:b@${target.sipText}>`);
    expect(message.header('contact')).toBe(`<sip:c@${target.sipText}>`);
    expect(message.header('p-asserted-identity')).toBe(`<sip:d@${target.sipText}>`);
  });

  it('leaves @LOCALHOST as it is: lib/sip/drachtio/localhost.ts relies on it', async () => {
    const message = await sent([
      'From: "A" <sip:a@LOCALHOST>',
      'To: <sip:b@LOCALHOST>',
      'Contact: <sip:c@LOCALHOST:5070>',
      'P-Asserted-Identity: <sip:d@LOCALHOST>',
    ]);
    expect(message.header('from')).toContain('<sip:a@LOCALHOST>');
    expect(message.header('to')).toBe('<sip:b@LOCALHOST>');
    expect(message.header('contact')).toBe('<sip:c@LOCALHOST:5070>');
    expect(message.header('p-asserted-identity')).toBe('<sip:d@LOCALHOST>');
  });

  it('rewrites a Contact with a foreign IPv4 address, but no name and not in REGISTER', async () => {
    const own = `<sip:c@${target.sipText};transport=udp>`;
    expect((await sent(['Contact: <sip:c@192.0.2.7>'])).header('contact')).toBe(own);
    expect((await sent(['Contact: <sip:c@192.0.2.7:5070;transport=tcp>;q=0.5'])).header('contact')).toBe(
      `${own};q=0.5`,
    );
    expect((await sent(['Contact: <sip:c@app.example.com>'])).header('contact')).toBe(
      '<sip:c@app.example.com>',
    );
    const register = await sent(['Contact: <sip:c@192.0.2.7>'], { method: 'REGISTER' });
    expect(register.header('contact')).toBe('<sip:c@192.0.2.7>');
  });

  it('adds a Contact to SUBSCRIBE', async () => {
    const message = await sent(['Event: presence'], { method: 'SUBSCRIBE' });
    expect(message.header('contact')).toBe(`<sip:${target.sipText}>`);
  });

  it('wants a Content-Type with a body, but guesses SDP', async () => {
    expect(await refused(`MESSAGE ${uri()} SIP/2.0`, [], { body: 'hello' })).toBe('NOK|missing content-type');
    expect((await sent([], { body: 'v=0 and so on' })).header('content-type')).toBe('application/sdp');
  });

  it('refuses to send to itself', async () => {
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await refused(`MESSAGE sip:bob@${host}:${target.sip.port} SIP/2.0`)).toBe(
        'NOK|can not send request to myself',
      );
  });

  it.each([
    'MESSAGE foo SIP/2.0',
    'MESSAGE sip: SIP/2.0',
    'MESSAGE sip:a b@127.0.0.1 SIP/2.0',
    'DANCE sip:a@127.0.0.1:1 SIP/2.0',
  ])('refuses the start line %s', async (startLine) => {
    expect(await refused(startLine)).toBe(`NOK|invalid request-uri: ${startLine}`);
  });

  it('refuses a Request-URI of more than 512 bytes', async () => {
    const answer = await refused(`MESSAGE sip:${'a'.repeat(600)}@127.0.0.1:${phone.port} SIP/2.0`);
    expect(answer).toMatch(/^NOK\|invalid request-uri: MESSAGE sip:a+$/);
  });

  it('refuses a transport it does not have, and an unusable From or To', async () => {
    const none = 'NOK|requested protocol/transport not available';
    expect(await refused(`MESSAGE ${uri()};transport=tls SIP/2.0`)).toBe(none);
    expect(await refused(`MESSAGE ${uri()} SIP/2.0`, ['From: <sip:'])).toBe('NOK|Error creating leg');
    expect(await refused(`MESSAGE ${uri()} SIP/2.0`, ['To: <sip:'])).toBe('NOK|Error creating leg');
  });

  it('goes to the proxy and leaves the Request-URI as it is, without a Route', async () => {
    const message = await sent([], { uri: 'sip:bob@example.com', proxy: uri() });
    expect(message.start).toBe('MESSAGE sip:bob@example.com SIP/2.0');
    expect(message.all('route')).toEqual([]);
  });

  it('refuses a proxy without a scheme', async () => {
    const proxy = `127.0.0.1:${phone.port}`;
    expect(await refused('MESSAGE sip:bob@example.com SIP/2.0', [], { proxy })).toMatch(/^NOK\|/);
  });

  it('makes headers out of the headers of a URI, Route included', async () => {
    const route = '%3Csip:192.0.2.1%3Blr%3E';
    const message = await sent(['To: <sip:bob@example.com>'], {
      uri: `sip:bob@example.com?X-Party=1&Route=${route}&Route=${route}`,
      proxy: uri(),
    });
    expect(message.start).toBe('MESSAGE sip:bob@example.com SIP/2.0');
    expect(message.header('x-party')).toBe('1');
    expect(message.all('route')).toEqual(['<sip:192.0.2.1;lr>', '<sip:192.0.2.1;lr>']);
  });

  it('makes several Routes out of one header of a URI, in which little must be escaped', async () => {
    const route = '%3Csip:tok%40192.0.2.1;received=sip:10.0.0.1:4000%253Btransport%253Dtcp;lr%3E';
    const message = await sent(['To: <sip:bob@example.com>'], {
      uri: `sip:bob@example.com;transport=tcp?Route=${route},%3Csip:[::1]:5080;lr%3E`,
      proxy: uri(),
    });
    expect(message.start).toBe('MESSAGE sip:bob@example.com;transport=tcp SIP/2.0');
    const routes = message.all('route').join(', ');
    expect(routes).toBe(
      '<sip:tok@192.0.2.1;received=sip:10.0.0.1:4000%3Btransport%3Dtcp;lr>, <sip:[::1]:5080;lr>',
    );
  });

  it('passes a start line of 512 bytes whole, its Route with it', async () => {
    const tail = '?Route=%3Csip:edge.example.com;lr%3E';
    const room = 512 - `MESSAGE sip:bob@example.com;x=${tail} SIP/2.0`.length;
    const message = await sent(['To: <sip:bob@example.com>'], {
      uri: `sip:bob@example.com;x=${'y'.repeat(room)}${tail}`,
      proxy: uri(),
    });
    expect(message.start).toBe(`MESSAGE sip:bob@example.com;x=${'y'.repeat(room)} SIP/2.0`);
    expect(message.all('route')).toEqual(['<sip:edge.example.com;lr>']);
  });

  it.each([
    ['sip:a%2Cb%3Bc%3Fd%40e@example.com', 'sip:a,b;c?d%40e@example.com'],
    ['sip:%2B49%3bphone-context=x@example.com', 'sip:+49;phone-context=x@example.com'],
    ['sip:a:p%3bq@example.com', 'sip:a:p%3Bq@example.com'],
    ['sip:bob@example.com;x=%28a%29%26b;y=a%2Cb%3D', 'sip:bob@example.com;x=(a)&b;y=a%2Cb%3D'],
    ['sip:b%6Fb@example.com;%6Cr', 'sip:bob@example.com;lr'],
  ])('writes %s as %s', async (given, written) => {
    const message = await sent(['To: <sip:bob@example.com>'], { uri: given, proxy: uri() });
    expect(message.start).toBe(`MESSAGE ${written} SIP/2.0`);
  });

  it.each([
    'sip:a,b@example.com',
    'sip:a;b@example.com',
    'sip:a?b@example.com',
    'sip:a:p;q@example.com',
    'sip:bob@example.com;;lr',
    'sip:bob@example.com;',
    'sip:bob@example.com;x=',
    'sip:bob@example.com;x==a',
    'sip:bob@example.com;x=a(b',
  ])('refuses the Request-URI %s', async (given) => {
    for (const headers of ['', '?Route=%3Csip:edge.example.com;lr%3E'])
      expect(
        await refused(`MESSAGE ${given}${headers} SIP/2.0`, ['To: <sip:bob@example.com>'], { proxy: uri() }),
      ).toBe(`NOK|invalid request-uri: ${given}${headers}`);
  });

  it('needs an explicit To with a URI that has headers', async () => {
    expect(await refused(`MESSAGE ${uri()}?X-Party=1 SIP/2.0`, [], { proxy: uri() })).toBe(
      'NOK|Error creating leg',
    );
  });

  it('hands final answers and provisional ones over, but 100', async () => {
    await app.request(`OPTIONS ${uri()} SIP/2.0`);
    const message = await phone.take();
    phone.send(reply(message, 100, 'Trying'));
    phone.send(reply(message, 183, 'Working'));
    expect((await app.take()).message.status).toBe(183);
    phone.send(reply(message, 404, 'Not Found', ['X-Why: because']));
    const answer = (await app.take()).message;
    expect(answer.start).toBe('SIP/2.0 404 Not Found');
    expect(answer.header('x-why')).toBe('because');
    expect(tag(answer.header('to'))).toBe('phone');
  });

  it.each([
    ['TCP connection that is refused', 'sip:bob@127.0.0.1:1;transport=tcp', 'tcp'],
    ['UDP port that is closed', 'sip:bob@127.0.0.1:1', 'udp'],
    ['name that nobody knows', 'sip:bob@nobody.invalid', 'unknown'],
  ])('reports a %s as 503 with an empty source', async (_, where, protocol) => {
    const echo = await app.request(`MESSAGE ${where} SIP/2.0`, [], { wait: 10_000 });
    expect(echo.tokens[3]).toBe('OK');
    const answer = await app.take(10_000);
    expect(answer.message.status).toBe(503);
    expect(answer.tokens.slice(2, 7)).toEqual(['network', '0', protocol, '', '0']);
    expect(answer.tokens[8]).toBe(echo.tokens[10]);
  });
});
