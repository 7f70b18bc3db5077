/** Framing and frames of the admin port. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reply } from '../support/sip/message.ts';
import { framed } from './raw-app.ts';
import { arrive, everyVerb, Target, timeOfDay, uuid } from './target.ts';

describe('the wire protocol', () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.open();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  it('answers authenticate with two address lists and a version that drachtio-srf understands', async () => {
    const app = await target.stranger();
    const answer = await app.call(`authenticate|${target.secret}|tag1,tag2`);
    expect(answer.tokens[0]).toMatch(uuid);
    expect(answer.tokens[1]).toBe('response');
    const [ok, hostports = '', version, local] = answer.tokens.slice(3);
    expect(ok).toBe('OK');
    expect(hostports.split(',').sort()).toEqual([`tcp/${target.sipText}`, `udp/${target.sipText}`]);
    expect(version).toMatch(/^v\d+\.\d+\.\d+/);
    expect(local).toBe(hostports);
  });

  it('answers a wrong secret with NO and closes', async () => {
    const app = await target.stranger();
    const answer = await app.call('authenticate|wrong|');
    expect(answer.result).toBe('NO|incorrect secret');
    await app.closed;
  });

  it('answers an unknown frame with NO and closes', async () => {
    const app = await target.app([]);
    expect((await app.call('dance|now')).result).toBe('NO|Unknown message type');
    await app.closed;
  });

  it('answers a SIP response without a transaction id with NO and closes', async () => {
    const app = await target.app([]);
    expect((await app.call('sip||\r\nSIP/2.0 200 OK\r\n\r\n')).result).toBe('NO|transaction id missing');
    await app.closed;
  });

  it('answers ping with pong, and route and remove_route with a bare OK', async () => {
    const app = await target.app([]);
    expect((await app.call('ping')).result).toBe('OK|pong');
    expect((await app.call('route|message')).result).toBe('OK');
    expect((await app.call('route|anything-at-all')).result).toBe('OK');
    expect((await app.call('remove_route|message')).result).toBe('OK');
  });

  it.each([
    ['a length of six digits', '123456#x'],
    ['a length that is no number', '12a#x'],
  ])('closes the connection on %s', async (_, bytes) => {
    const app = await target.app([]);
    app.socket.write(bytes);
    await app.closed;
  });

  it('reads frames that are split and joined at any place', async () => {
    const app = await target.app([]);
    const two = Buffer.concat([framed('one|ping'), framed('two|ping')]);
    for (let at = 0; at < two.length; at += 1) {
      app.socket.write(two.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await app.takeAny()).tokens[2]).toBe('one');
    expect((await app.takeAny()).tokens[2]).toBe('two');
    app.socket.write(Buffer.concat([two, two]));
    const ids = [await app.takeAny(), await app.takeAny(), await app.takeAny(), await app.takeAny()];
    expect(ids.map((frame) => frame.tokens[2])).toEqual(['one', 'two', 'one', 'two']);
  });

  it('serves an app that never authenticates', async () => {
    const stranger = await target.stranger();
    await stranger.call('route|message');
    const phone = await target.udp();
    const frame = await arrive(phone, stranger, 'MESSAGE');
    expect((await stranger.respond(frame.transactionId, '200 OK')).tokens[3]).toBe('OK');
    expect((await phone.take()).status).toBe(200);
  });

  it.each(['udp', 'tcp'] as const)(
    'hands over a new %s request with source, transaction and local address',
    async (kind) => {
      const app = await target.app(['message']);
      const phone = await target[kind]();
      const frame = await arrive(phone, app, 'MESSAGE', {
        headers: ['Content-Type: text/plain'],
        body: 'hi',
      });
      const [id, type, source, bytes, protocol, host, port, time, transaction, dialog, ...rest] =
        frame.tokens;
      expect(id).toMatch(uuid);
      expect([type, source, protocol, host, port]).toEqual([
        'sip',
        'network',
        kind,
        '127.0.0.1',
        `${phone.port}`,
      ]);
      expect(Number(bytes)).toBeGreaterThan(200);
      expect(time).toMatch(timeOfDay);
      expect(transaction).toMatch(uuid);
      expect(dialog).toBe('');
      expect(rest).toEqual([target.sip.host, `${target.sip.port}`, '']);
      await app.respond(frame.transactionId, '200 OK');
    },
  );

  it('echoes a response with an empty protocol and an empty dialog id', async () => {
    const app = await target.app(['message']);
    const phone = await target.udp();
    const frame = await arrive(phone, app, 'MESSAGE');
    const echo = await app.respond(frame.transactionId, '202 Accepted', ['X-Echo: yes']);
    const [ok, source, bytes, protocol, host, port, time, transaction, dialog, ...rest] =
      echo.tokens.slice(3);
    expect([ok, source, protocol, host, port]).toEqual([
      'OK',
      'application',
      '',
      '127.0.0.1',
      `${phone.port}`,
    ]);
    expect(Number(bytes)).toBeGreaterThan(200);
    expect(time).toMatch(timeOfDay);
    expect([transaction, dialog, ...rest]).toEqual([frame.transactionId, '', '', 'Msg sent:', '']);
    expect(echo.message.bytes.equals((await phone.take()).bytes)).toBe(true);
  });

  it('echoes a request as it was sent, and hands its answer over under the same transaction', async () => {
    const app = await target.app([]);
    const phone = await target.udp();
    const echo = await app.request(`MESSAGE sip:bob@127.0.0.1:${phone.port} SIP/2.0`, [
      'To: <sip:bob@example.com>',
    ]);
    const [ok, source, , protocol, host, port, time, transaction = '', ...rest] = echo.tokens.slice(3);
    // Over UDP the address is the one it was sent from.
    expect([ok, source, protocol, host, port]).toEqual([
      'OK',
      'application',
      'udp',
      target.sip.host,
      `${target.sip.port}`,
    ]);
    expect(time).toMatch(timeOfDay);
    expect(transaction).toMatch(uuid);
    expect(rest).toEqual(['Msg sent:', '']);
    const message = await phone.take();
    expect(echo.message.bytes.equals(message.bytes)).toBe(true);
    phone.send(reply(message, 200, 'OK'));
    const answer = await app.take();
    expect(answer.tokens.slice(1, 3)).toEqual(['sip', 'network']);
    expect(answer.tokens.slice(4, 7)).toEqual(['udp', '127.0.0.1', `${phone.port}`]);
    expect(answer.tokens.slice(8)).toEqual([transaction, '', '']);
    expect(answer.message.status).toBe(200);
  });

  it('echoes a request over TCP with the address it goes to', async () => {
    const app = await target.app([]);
    const phone = await target.tcp();
    const proxy = `sip:127.0.0.1:${phone.port};transport=tcp`;
    const echo = await app.request('MESSAGE sip:bob@example.com SIP/2.0', [], { proxy });
    expect(echo.tokens.slice(6, 9)).toEqual(['tcp', '127.0.0.1', `${phone.port}`]);
    phone.send(reply(await phone.take(), 200, 'OK'));
    expect((await app.take()).tokens.slice(4, 7)).toEqual(['tcp', '127.0.0.1', `${phone.port}`]);
  });

  it('gives apps the original header bytes and rewrites only the top Via', async () => {
    const app = await target.app(everyVerb);
    const phone = await target.udp();
    const odd = [
      's:  spaced   value ',
      'o: presence',
      'x-LOWER-Case: 1',
      'Folded: a',
      ' b',
      'k: path',
      'e: gzip',
    ];
    const frame = await arrive(phone, app, 'MESSAGE', {
      via: `SIP/2.0/UDP elsewhere.example:5999;branch=z9hG4bKtop`,
      headers: ['Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKlower', ...odd],
      body: 'body',
    });
    const { lines, body } = frame.message;
    for (const line of odd) expect(lines).toContain(line);
    expect(body.toString()).toBe('body');
    const [top = '', lower] = frame.message.all('via');
    expect(top).toMatch(/^SIP\/2\.0\/UDP elsewhere\.example:5999;/);
    expect(top.split(';').slice(1).sort()).toEqual([
      'branch=z9hG4bKtop',
      'received=127.0.0.1',
      `rport=${phone.port}`,
    ]);
    expect(lower).toBe('SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKlower');
    await app.respond(frame.transactionId, '200 OK');
    const answer = await phone.take();
    expect(answer.all('via')).toEqual([top, lower]);
  });

  it('adds rport also where nobody asked for it, and received only where the host differs', async () => {
    const app = await target.app(['message']);
    const phone = await target.udp();
    const via = `SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK${Date.now()}`;
    const frame = await arrive(phone, app, 'MESSAGE', { via });
    expect(frame.message.header('via')).toBe(`${via};rport=${phone.port}`);
    await app.respond(frame.transactionId, '200 OK');
  });

  it('passes every byte of a body but NUL, emoji and broken UTF-8 included', async () => {
    const app = await target.app(['message']);
    const bytes = Buffer.from([...Array(255).keys()].map((at) => at + 1));
    for (const phone of [await target.udp(), await target.tcp()]) {
      const body = Buffer.concat([bytes, Buffer.from('🎉 é')]);
      const frame = await arrive(phone, app, 'MESSAGE', {
        headers: ['Content-Type: application/octet-stream'],
        body,
      });
      expect(frame.message.body.equals(body)).toBe(true);
      await app.respond(frame.transactionId, '200 OK');
      const out = `sip:127.0.0.1:${phone.port};transport=${phone.transport.toLowerCase()}`;
      await app.request('MESSAGE sip:x@example.com SIP/2.0', ['Content-Type: text/plain'], {
        body,
        proxy: out,
      });
      await phone.take();
      expect((await phone.take()).body.equals(body)).toBe(true);
    }
  });
});
