/** TCP: streams, keep-alives, reuse of connections, the cache of registered ones. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reply, request, type RequestParts } from '../support/sip/message.ts';
import type { TcpPeer } from '../support/sip/peer.ts';
import type { RawApp } from './raw-app.ts';
import { arrive, serve, Target } from './target.ts';

describe('TCP connections', () => {
  let target: Target;
  let app: RawApp;
  let phone: TcpPeer;
  let user: string;
  let count = 0;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app();
    phone = await target.tcp();
    count += 1;
    user = `user${count}-${process.pid}`;
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  it('answers a double line end with a single one', async () => {
    phone.send('\r\n\r\n');
    expect((await phone.takeStray()).toString()).toBe('\r\n');
    await arrive(phone, app, 'MESSAGE');
  });

  it('finds messages in a stream, however it is cut', async () => {
    const one = request(phone, 'MESSAGE', {
      headers: ['Content-Type: text/plain', 'X-No: 1'],
      body: 'first\r\n\r\nbody',
    });
    const two = request(phone, 'MESSAGE', {
      headers: ['Content-Type: text/plain', 'X-No: 2'],
      body: 'second',
    });
    const all = Buffer.concat([one, two]);
    for (const size of [all.length, 97, 1]) {
      for (let at = 0; at < all.length; at += size) {
        phone.send(all.subarray(at, at + size));
        if (size > 1) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const [number, body] of [
        ['1', 'first\r\n\r\nbody'],
        ['2', 'second'],
      ]) {
        const frame = await app.take();
        expect([frame.message.header('x-no'), frame.message.body.toString()]).toEqual([number, body]);
        await app.respond(frame.transactionId, '200 OK');
        expect((await phone.take()).status).toBe(200);
      }
    }
  });

  it('answers a repeat of an answered request anew: TCP needs no timer J', async () => {
    const message = request(phone, 'MESSAGE');
    phone.send(message);
    await app.respond((await app.take()).transactionId, '200 OK');
    await phone.take();
    phone.send(message);
    const frame = await app.take();
    await app.respond(frame.transactionId, '404 Not Found');
    expect((await phone.take()).status).toBe(404);
  });

  it('takes a message of 1.9 MB', async () => {
    const body = `${'x'.repeat(98)}\r\n`.repeat(19_000);
    const frame = await arrive(phone, app, 'MESSAGE', { headers: ['Content-Type: text/plain'], body });
    expect(frame.message.body.length).toBe(body.length);
    await app.respond(frame.transactionId, '200 OK');
  });

  it('answers a message over 2 MiB with 413 and closes', async () => {
    const body = `${'x'.repeat(98)}\r\n`.repeat(22_000);
    phone.send(request(phone, 'MESSAGE', { headers: ['Content-Type: text/plain'], body }));
    expect((await phone.take()).status).toBe(413);
    await phone.closed;
    await target.caughtUp();
    await app.nothing();
  });

  const closing: readonly (readonly [string, number, RequestParts])[] = [
    ['a NUL byte', 400, { headers: ['Content-Type: text/plain'], body: 'a\0b' }],
    ['a line of 8,193 bytes', 400, { headers: ['Content-Type: text/plain'], body: 'x'.repeat(8_193) }],
    ['a bad Expires', 400, { headers: ['Expires: abc'] }],
    ['a bad Content-Length', 400, { length: 'Content-Length: x' }],
    ['another SIP version', 505, { version: 'SIP/3.0' }],
  ];
  it.each(closing)('answers %s with %i and closes', async (_, status, parts) => {
    phone.send(request(phone, 'MESSAGE', parts));
    expect((await phone.take()).status).toBe(status);
    await phone.closed;
  });

  it('stays open after a 400 that its stack has no hand in, and after a 481', async () => {
    phone.send(request(phone, 'MESSAGE', { headers: ['Date: yesterday'] }));
    expect((await phone.take()).status).toBe(400);
    phone.send(request(phone, 'BYE'));
    expect((await phone.take()).status).toBe(481);
    await arrive(phone, app, 'MESSAGE');
  });

  it('drops a request without Content-Length, and closes at the next byte', async () => {
    phone.send(request(phone, 'MESSAGE', { length: '' }));
    await target.caughtUp();
    expect([phone.open, phone.waiting]).toEqual([true, []]);
    phone.send(request(phone, 'MESSAGE'));
    await phone.closed;
    await app.nothing();
  });

  /** Registers over a connection; the contact's host is a private address that nobody can reach. */
  async function register(
    peer: TcpPeer,
    expires = 'expires=60',
    host = '192.0.2.99',
    headers: readonly string[] = [],
  ) {
    const contact = `<sip:${user}@${host}:5060;transport=tcp>`;
    await serve(peer, app, 'REGISTER', { headers: [`Contact: ${contact}`] }, '200 OK', [
      `Contact: ${contact}${expires === '' ? '' : `;${expires}`}`,
      ...headers,
    ]);
    expect((await peer.take()).status).toBe(200);
  }

  const toUser = (method: string, proxy?: string) =>
    app.request(
      `${method} sip:${user}@192.0.2.99:7777 SIP/2.0`,
      method === 'SUBSCRIBE' ? ['Event: x'] : [],
      proxy === undefined ? {} : { proxy },
    );

  it.each(['MESSAGE', 'NOTIFY', 'OPTIONS'])(
    'sends %s over the connection of a registered client, whatever port is named',
    async (method) => {
      await register(phone);
      const echo = await toUser(method);
      expect(echo.tokens[6]).toBe('tcp');
      const message = await phone.take();
      expect(message.start).toBe(`${method} sip:${user}@192.0.2.99:7777 SIP/2.0`);
      phone.send(reply(message, 200, 'OK'));
      expect((await app.take()).message.status).toBe(200);
    },
  );

  it('takes the lifetime from the Expires header when the Contact has none', async () => {
    await register(phone, '', '192.0.2.99', ['Expires: 60']);
    await toUser('MESSAGE');
    expect((await phone.take()).start).toMatch(/^MESSAGE/);
  });

  it('lets the cache stand before a proxy', async () => {
    await register(phone);
    const elsewhere = await target.udp();
    await toUser('MESSAGE', `sip:127.0.0.1:${elsewhere.port}`);
    expect((await phone.take()).start).toMatch(/^MESSAGE/);
    await elsewhere.nothing();
  });

  it.each(['PUBLISH', 'INFO', 'SUBSCRIBE'])('does not use the cache for %s', async (method) => {
    await register(phone);
    const elsewhere = await target.udp();
    await toUser(method, `sip:127.0.0.1:${elsewhere.port}`);
    const message = await elsewhere.take();
    expect(message.start).toMatch(new RegExp(`^${method}`));
    elsewhere.send(reply(message, 404, 'Not Found'));
    await phone.nothing();
  });

  it('caches the connection of a refreshed subscription as well', async () => {
    const facts = {
      callId: `cached-${user}`,
      headers: [`Contact: <sip:${user}@192.0.2.99;transport=tcp>`, 'Event: x', 'Expires: 60'],
    };
    const from = '<sip:alice@example.com>;tag=phone';
    await serve(phone, app, 'SUBSCRIBE', { ...facts, from }, '200 OK', ['Expires: 60']);
    const to = (await phone.take()).header('to');
    await serve(phone, app, 'SUBSCRIBE', { ...facts, from, to, cseq: 8 }, '200 OK', ['Expires: 60']);
    await phone.take();
    await toUser('OPTIONS');
    expect((await phone.take()).start).toMatch(/^OPTIONS/);
  });

  it('forgets the connection when the registration ends', async () => {
    await register(phone);
    await register(phone, 'expires=0');
    const elsewhere = await target.udp();
    await toUser('MESSAGE', `sip:127.0.0.1:${elsewhere.port}`);
    expect((await elsewhere.take()).start).toMatch(/^MESSAGE/);
  });

  it('gives two clients with the same user and host one entry: the later one', async () => {
    const second = await target.tcp();
    await register(phone);
    await register(second);
    await toUser('MESSAGE');
    expect((await second.take()).start).toMatch(/^MESSAGE/);
    await phone.nothing();
  });

  it('answers 410 with an empty source when the registered connection is closed', async () => {
    await register(phone);
    await phone.close();
    await target.caughtUp();
    const echo = await toUser('MESSAGE');
    expect(echo.tokens[3]).toBe('OK');
    const answer = await app.take();
    expect(answer.message.status).toBe(410);
    expect(answer.tokens.slice(5, 7)).toEqual(['', '0']);
  });

  it('reuses a live connection when the proxy names its source address', async () => {
    await arrive(phone, app, 'MESSAGE');
    await app.request('PUBLISH sip:bob@example.com SIP/2.0', [], {
      proxy: `sip:127.0.0.1:${phone.port};transport=tcp`,
    });
    const message = await phone.take();
    expect(message.start).toBe('PUBLISH sip:bob@example.com SIP/2.0');
    expect(message.header('via')).toMatch(new RegExp(`^SIP/2\\.0/TCP ${target.sipText};branch=`));
    expect(message.header('from')).toContain(';transport=tcp>');
    phone.send(reply(message, 200, 'OK'));
    expect((await app.take()).message.status).toBe(200);
  });

  it('connects to a listener, and uses that connection again', async () => {
    const listener = await target.listener();
    const uri = `sip:bob@127.0.0.1:${listener.port};transport=tcp`;
    await app.request(`MESSAGE ${uri} SIP/2.0`, ['To: <sip:bob@example.com>']);
    const server = await listener.accept();
    for (let turn = 0; turn < 3; turn += 1) {
      const message = await server.take();
      server.send(reply(message, 200, 'OK'));
      expect((await app.take()).message.status).toBe(200);
      if (turn < 2) await app.request(`MESSAGE ${uri} SIP/2.0`, ['To: <sip:bob@example.com>']);
    }
    expect(listener.waiting).toEqual([]);
    await server.close();
  });
});
