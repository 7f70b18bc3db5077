/** What is answered before any app has a say. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reply, request, tag, type RequestParts } from '../support/sip/message.ts';
import type { Peer } from '../support/sip/peer.ts';
import type { RawApp } from './raw-app.ts';
import { arrive, isReal, nothing, Target } from './target.ts';

describe('automatic answers', () => {
  let target: Target;
  let app: RawApp;
  let phone: Peer;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app();
    phone = await target.udp();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  it.each(['MESSAGE', 'REGISTER', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'OPTIONS', 'INFO'])(
    'passes %s to the app, with and without a To tag',
    async (method) => {
      for (const to of ['<sip:bob@example.com>', '<sip:bob@example.com>;tag=unknown']) {
        const frame = await arrive(phone, app, method, {
          to,
          headers: ['Contact: <sip:a@127.0.0.1>', 'Event: presence'],
        });
        expect(frame.dialogId).toBe('');
        await app.respond(frame.transactionId, '404 Not Found');
        expect((await phone.take()).status).toBe(404);
      }
    },
  );

  it.each(['BYE', 'UPDATE', 'CANCEL'])('answers %s without a match with 481', async (method) => {
    phone.send(request(phone, method));
    const answer = await phone.take();
    expect(answer.start).toBe('SIP/2.0 481 Call/Transaction Does Not Exist');
    expect(tag(answer.header('to'))).not.toBe('');
    await nothing(phone, app);
  });

  // drachtio-server says nothing; the embedded front end says 405 with Allow.
  it.each(['REFER', 'UNHEARD-OF'])('never passes %s to an app', async (method) => {
    phone.send(request(phone, method));
    if (!isReal) {
      const answer = await phone.take();
      expect(answer.status).toBe(405);
      expect(answer.header('allow')).toContain('MESSAGE');
    }
    await nothing(phone, app);
  });

  it.each(['ACK', 'PRACK'])('drops a lone %s', async (method) => {
    phone.send(request(phone, method));
    await nothing(phone, app);
  });

  const bad: readonly (readonly [string, string, RequestParts])[] = [
    ['an Expires that is no number', 'Bad Expires Header', { headers: ['Expires: abc'] }],
    ['an empty Expires', 'Bad Expires Header', { headers: ['Expires: '] }],
    ['two Expires', 'Bad Expires Header', { headers: ['Expires: 1', 'Expires: 2'] }],
    ['an unclosed Contact', 'Bad Contact Header', { headers: ['Contact: <sip:'] }],
    ['a Contact of three words', 'Bad Contact Header', { headers: ['Contact: x y z'] }],
    ['an unclosed From', 'Bad From Header', { from: '<sip:a' }],
    ['two From', 'Bad From Header', { headers: ['From: <sip:x@y>;tag=2'] }],
    ['an unclosed name in To', 'Bad To Header', { to: '"x <sip:a>' }],
    ['two To', 'Bad To Header', { headers: ['To: <sip:x@y>'] }],
    ['a CSeq without a number', 'Bad CSeq Header', { cseq: 'x MESSAGE' }],
    ['a CSeq that is too large', 'Bad CSeq Header', { cseq: '4294967296 MESSAGE' }],
    ['two Call-ID', 'Bad Call-ID Header', { headers: ['Call-ID: second'] }],
    [
      'a Content-Type without subtype',
      'Bad Content-Type Header',
      { headers: ['Content-Type: text'], body: 'x' },
    ],
    ['an empty Event', 'Bad Event Header', { headers: ['Event: '] }],
    ['an empty Subscription-State', 'Bad Subscription-State Header', { headers: ['Subscription-State: '] }],
    [
      'a Content-Length that is no number',
      'Bad Content-Length Header',
      { length: 'Content-Length: x', body: 'x' },
    ],
    ['a Record-Route without address', 'Bad Record-Route Header', { headers: ['Record-Route: x y'] }],
    ['a CSeq of another method', 'Bad Request', { cseq: '7 REGISTER' }],
    ['a Max-Forwards that is no number', 'Bad Request', { maxForwards: 'x' }],
    ['a Date that is none', 'Bad Request', { headers: ['Date: yesterday'] }],
    ['a Retry-After that is no number', 'Bad Request', { headers: ['Retry-After: x'] }],
    ['an empty Authorization', 'Bad Request', { headers: ['Authorization: '] }],
    ['a Path without address', 'Bad Request', { headers: ['Path: x y'] }],
    ['a line without colon', 'Bad Request', { headers: ['garbage'] }],
    ['a header name of two words', 'Bad Request', { headers: ['Two words: x'] }],
    [
      'a Content-Length larger than the datagram',
      'Bad Request',
      { length: 'Content-Length: 10', body: 'hello' },
    ],
    ['a NUL byte', 'Bad Request', { headers: ['Content-Type: text/plain'], body: 'a\0b' }],
    [
      'a body line of 8,193 bytes',
      'Bad Request',
      { headers: ['Content-Type: text/plain'], body: 'x'.repeat(8_193) },
    ],
    ['a header line of 8,200 bytes', 'Bad Request', { headers: [`X-Long: ${'x'.repeat(8_192)}`] }],
  ];
  it.each(bad)('answers %s with 400 %s', async (_, reason, parts) => {
    phone.send(request(phone, 'MESSAGE', parts));
    expect((await phone.take()).start).toBe(`SIP/2.0 400 ${reason}`);
    await nothing(phone, app);
  });

  it.each(['From', 'To', 'Call-ID', 'CSeq'])('answers a request without %s with 400', async (name) => {
    const whole = request(phone, 'MESSAGE').toString('latin1');
    phone.send(whole.replace(new RegExp(`^${name}:.*\r\n`, 'm'), ''));
    expect((await phone.take()).start).toBe('SIP/2.0 400 Bad Request');
  });

  it('answers another SIP version with 505', async () => {
    phone.send(request(phone, 'MESSAGE', { version: 'SIP/3.0' }));
    expect((await phone.take()).start).toBe('SIP/2.0 505 Version Not Supported');
  });

  const good: readonly (readonly [string, RequestParts])[] = [
    ['no From tag', { from: '<sip:alice@example.com>' }],
    ['Max-Forwards 0', { maxForwards: '0' }],
    ['a foreign host', { uri: 'sip:bob@far.example.org' }],
    ['an im: URI', { uri: 'im:bob@example.com' }],
    ['a pres: URI', { uri: 'pres:bob@example.com' }],
    ['a tel: URI', { uri: 'tel:+123' }],
    ['Require', { headers: ['Require: nothing-known'] }],
    ['a body without Content-Type', { body: 'x' }],
    ['a body line of 8,192 bytes', { headers: ['Content-Type: text/plain'], body: 'x'.repeat(8_192) }],
    [
      'a body of 60,000 bytes in lines',
      { headers: ['Content-Type: text/plain'], body: `${'x'.repeat(98)}\r\n`.repeat(600) },
    ],
    ['no Content-Length over UDP', { length: '', body: 'to the end' }],
    ['an Event of two words', { headers: ['Event: a b'] }],
  ];
  it.each(good)('passes %s to the app', async (_, parts) => {
    const frame = await arrive(phone, app, 'MESSAGE', parts);
    if (parts.body !== undefined) expect(frame.message.body.toString()).toBe(parts.body);
    await app.respond(frame.transactionId, '200 OK');
    expect((await phone.take()).status).toBe(200);
  });

  it('passes what Content-Length covers and no more', async () => {
    const frame = await arrive(phone, app, 'MESSAGE', { length: 'Content-Length: 2', body: 'hello' });
    expect(frame.message.body.toString()).toBe('he');
    await app.respond(frame.transactionId, '200 OK');
  });

  it('drops a request whose Via names another transport', async () => {
    phone.send(request(phone, 'MESSAGE', { via: `SIP/2.0/TCP 127.0.0.1:${phone.port};branch=z9hG4bKx` }));
    await nothing(phone, app);
    const connection = await target.tcp();
    connection.send(request(connection, 'MESSAGE', { via: `SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKx` }));
    await nothing(connection, app);
  });

  it('answers REGISTER of * with an Expires other than 0 with 400, and passes the other forms', async () => {
    phone.send(request(phone, 'REGISTER', { headers: ['Contact: *', 'Expires: 60'] }));
    expect((await phone.take()).start).toBe('SIP/2.0 400 Bad Request');
    for (const headers of [['Contact: *', 'Expires: 0'], ['Contact: *'], []]) {
      const frame = await arrive(phone, app, 'REGISTER', { headers });
      await app.respond(frame.transactionId, '200 OK');
      expect((await phone.take()).status).toBe(200);
    }
  });

  it('drachtio-server forwards a request with a To tag and a Route to itself for anybody; the embedded front end hands it to the app', async () => {
    const other = await target.udp();
    const route = `Route: <sip:${target.sipText};lr>`;
    const parts = {
      uri: `sip:bob@127.0.0.1:${other.port}`,
      to: '<sip:bob@example.com>;tag=old',
      headers: [route],
    };
    if (!isReal) {
      const frame = await arrive(phone, app, 'MESSAGE', parts);
      await app.respond(frame.transactionId, '481 Subscription Does Not Exist');
      expect((await phone.take()).status).toBe(481);
      await nothing(other, app);
      return;
    }
    phone.send(request(phone, 'MESSAGE', { ...parts, body: 'hello' }));
    const message = await other.take();
    expect(message.start).toBe(`MESSAGE sip:bob@127.0.0.1:${other.port} SIP/2.0`);
    expect(message.all('route')).toEqual([]);
    expect(message.all('via')).toHaveLength(2);
    expect(message.body.toString()).toBe('hello');
    other.send(reply(message, 404, 'Not Found'));
    const answer = await phone.take();
    expect(answer.status).toBe(404);
    expect(answer.all('via')).toEqual(message.all('via').slice(1));
    await nothing(phone, app);
  });

  it('passes a Route to the app when there is no To tag, or when it is of another server', async () => {
    for (const parts of [
      { headers: [`Route: <sip:${target.sipText};lr>`] },
      { headers: ['Route: <sip:192.0.2.9;lr>'], to: '<sip:bob@example.com>;tag=old' },
    ]) {
      const frame = await arrive(phone, app, 'MESSAGE', parts);
      expect(frame.message.all('route')).toHaveLength(1);
      await app.respond(frame.transactionId, '200 OK');
      await phone.take();
    }
  });

  it('answers a repeat of an answered UDP request again, without the app', async () => {
    const message = request(phone, 'MESSAGE');
    phone.send(message);
    const frame = await app.take();
    await app.respond(frame.transactionId, '202 Accepted', ['X-Answer: same']);
    const first = await phone.take();
    phone.send(message);
    expect((await phone.take()).bytes.equals(first.bytes)).toBe(true);
    await nothing(phone, app);
  });
});
