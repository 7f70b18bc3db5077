/** What a stranger may send or hold: nothing of it ends the front end, fills its memory or shuts phones out. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { ServerTransactions } from '../../lib/embedded/pending.ts';
import { startFrontEnd, type FrontEnd, type FrontEndOptions } from '../../lib/embedded/front-end.ts';
import { DEFAULT_TIMERS } from '../../lib/embedded/network/timers.ts';
import { isPeer } from '../../lib/embedded/text/address.ts';
import { RawApp } from '../conformance/raw-app.ts';
import { request, tag } from '../support/sip/message.ts';
import { TcpPeer, UdpPeer } from '../support/sip/peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

function kept<T extends { close(): Promise<void> }>(one: T): T {
  open.push(one);
  return one;
}

async function scene(options: FrontEndOptions = {}, verbs = ['message', 'register', 'subscribe', 'options']) {
  const frontEnd: FrontEnd = kept(await startFrontEnd({ listen: '127.0.0.1:0', ...options }));
  const sip = { host: '127.0.0.1', port: frontEnd.addresses[0]!.port };
  const admin = { host: frontEnd.adminHost, port: frontEnd.adminPort };
  const app = kept(await RawApp.open(admin, 'cymru', verbs));
  return { frontEnd, sip, app };
}

/** The front end still hands requests on and answers on. */
async function isServing({ sip, app }: Awaited<ReturnType<typeof scene>>): Promise<void> {
  const phone = kept(await UdpPeer.open(sip));
  phone.send(request(phone, 'OPTIONS', { callId: 'still-there' }));
  const { transactionId } = await app.take(
    10_000,
    ({ message }) => message.header('call-id') === 'still-there',
  );
  await app.respond(transactionId, '200 OK');
  expect((await phone.take()).status).toBe(200);
}

const DEAD_PORTS = ['0', '65536', '99999'];

describe('a port that is none', () => {
  it.each(DEAD_PORTS)('in a Record-Route (%s) gets a NOTIFY refused and ends nothing', async (port) => {
    const all = await scene();
    const phone = kept(await UdpPeer.open(all.sip));
    const headers = [
      `Contact: <sip:u@127.0.0.1:${phone.port}>`,
      'Event: message-summary',
      `Record-Route: <sip:127.0.0.1:${port};lr>`,
    ];
    phone.send(request(phone, 'SUBSCRIBE', { headers }));
    const frame = await all.app.take();
    await all.app.respond(frame.transactionId, '200 OK', ['Expires: 86400', 'Contact: <sip:us@localhost>']);
    const dialog = `${frame.message.header('call-id')};from-tag=${tag(frame.message.header('from'))}`;
    const lines = ['Subscription-State: active', 'Event: message-summary', 'Contact: <sip:us@localhost>'];
    const answer = await all.app.request('NOTIFY sip:placeholder SIP/2.0', lines, { dialog });
    expect(answer.result).toMatch(/^NOK\|/);
    await isServing(all);
  });

  it.each(DEAD_PORTS)('in a Contact (%s) gets a NOTIFY refused and ends nothing', async (port) => {
    const all = await scene();
    const phone = kept(await UdpPeer.open(all.sip));
    const headers = [`Contact: <sip:u@127.0.0.1:${port}>`, 'Event: message-summary'];
    phone.send(request(phone, 'SUBSCRIBE', { headers }));
    const frame = await all.app.take();
    await all.app.respond(frame.transactionId, '200 OK', ['Expires: 86400', 'Contact: <sip:us@localhost>']);
    const dialog = `${frame.message.header('call-id')};from-tag=${tag(frame.message.header('from'))}`;
    const lines = ['Subscription-State: active', 'Event: message-summary', 'Contact: <sip:us@localhost>'];
    const answer = await all.app.request('NOTIFY sip:placeholder SIP/2.0', lines, { dialog });
    expect(answer.result).toMatch(/^N?OK\|/);
    await isServing(all);
  });

  it.each(DEAD_PORTS)(
    'in a Request-URI, a proxy or a Route of the app (%s) is refused to the app',
    async (port) => {
      const all = await scene();
      const lines = ['To: <sip:m@example.com>'];
      for (const [start, proxy] of [
        [`MESSAGE sip:m@127.0.0.1:${port} SIP/2.0`, undefined],
        [`MESSAGE sip:m@127.0.0.1:${port};transport=tcp SIP/2.0`, undefined],
        ['MESSAGE sip:m@127.0.0.1:9 SIP/2.0', `sip:127.0.0.1:${port}`],
        ['MESSAGE sip:m@127.0.0.1:9 SIP/2.0', `sip:127.0.0.1:${port};transport=tcp`],
      ] as const)
        expect((await all.app.request(start, lines, proxy === undefined ? {} : { proxy })).result).toMatch(
          /^NOK\|/,
        );
      await isServing(all);
    },
  );

  it('in the second Via of an answer, or in a Request-URI or Route of what has a tag in To, is nowhere that we send to', async () => {
    const all = await scene();
    const [phone, third] = [kept(await UdpPeer.open(all.sip)), kept(await UdpPeer.open(all.sip))];
    for (const via of [`127.0.0.1:${third.port}`, ...DEAD_PORTS.map((port) => `127.0.0.1:9;rport=${port}`)])
      phone.send(
        `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:${all.sip.port};branch=z9hG4bKx\r\n` +
          `Via: SIP/2.0/UDP ${via};branch=z9hG4bKy\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n` +
          'Call-ID: x\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n',
      );
    const [to, route] = ['<sip:bob@example.com>;tag=1', `Route: <sip:127.0.0.1:${all.sip.port};lr>`];
    for (const port of [third.port, ...DEAD_PORTS]) {
      phone.send(request(phone, 'BYE', { to, uri: `sip:x@127.0.0.1:${port}`, headers: [route] }));
      expect((await phone.take()).status).toBe(481);
      const headers = [route, `Route: <sip:127.0.0.1:${port};lr>`];
      phone.send(request(phone, 'UPDATE', { to, headers }));
      expect((await phone.take()).status).toBe(481);
    }
    await isServing(all);
    await third.nothing();
  });

  it.each([
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['224.0.1.75', false],
    ['::', false],
    ['0:0:0:0:0:0:0:0', false],
    ['ff02::1', false],
    ['127.0.0.1', true],
    ['::1', true],
    ['192.0.2.1', true],
  ])('%s is where one peer can be: %s', (host, is) => {
    expect(isPeer({ host, port: 5060 })).toBe(is);
    expect([isPeer({ host, port: 0 }), isPeer({ host, port: 65_536 }), isPeer({ host, port: NaN })]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('amplification', () => {
  it('a large answer is not sent again for a few bytes with the name of its request', async () => {
    const { sip, app, ...begun } = await scene();
    const phone = kept(await UdpPeer.open(sip));
    const named = { callId: 'large', branch: 'z9hG4bKlarge' };
    const from = `"${'x'.repeat(8_000)}" <sip:eve@example.org>;tag=1`;
    const large = request(phone, 'OPTIONS', { ...named, from });
    phone.send(large);
    const { transactionId } = await app.take(10_000, ({ message }) => message.header('call-id') === 'large');
    await app.respond(transactionId, '200 OK');
    expect((await phone.take()).bytes.length).toBeGreaterThan(8_000);
    phone.send(request(phone, 'OPTIONS', { ...named, from: '<sip:eve@example.org>;tag=1' }));
    phone.send(request(phone, 'OPTIONS', { callId: 'behind', branch: 'z9hG4bKother' }));
    const other = await app.take(10_000, ({ message }) => message.header('call-id') === 'behind');
    await app.respond(other.transactionId, '200 OK');
    expect((await phone.take()).header('call-id')).toBe('behind');
    phone.send(large);
    expect((await phone.take()).header('call-id')).toBe('large');
    await isServing({ sip, app, ...begun });
  });
});

describe('Via', () => {
  it('a list in which one is none gets no answer, which would be four times as long', async () => {
    const begun = await scene();
    const phone = kept(await UdpPeer.open(begun.sip));
    const via = `SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK1`;
    phone.send(request(phone, 'BYE', { callId: 'list', via: `${via}${',a'.repeat(3_900)}` }));
    phone.send(request(phone, 'BYE', { callId: 'good', via: `${via}, SIP/2.0/UDP 192.0.2.1` }));
    const answer = await phone.take();
    expect([answer.status, answer.header('call-id'), answer.all('via').length]).toEqual([481, 'good', 2]);
  });
});

describe('memory', () => {
  it('answers that are kept for repeats have a bound in bytes', () => {
    const servers = new ServerTransactions(DEFAULT_TIMERS);
    let sent = 0;
    const flow = {
      protocol: 'udp',
      local: { host: '127.0.0.1', port: 1 },
      remote: { host: '127.0.0.1', port: 2 },
      alive: true,
      send: () => void (sent += 1),
      onFailure: () => () => undefined,
      end: () => undefined,
    } as const;
    const response = Buffer.alloc(4096);
    for (let at = 0; at < 20_000; at += 1) servers.remember({ key: `call ${at}`, flow, size: 100 }, response);
    expect(servers.keptBytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(servers.absorb('call 0', 100)).toBe(false);
    expect(servers.absorb('call 19999', 100)).toBe(true);
    expect(sent).toBe(1);
    servers.clear();
    expect(servers.keptBytes).toBe(0);
  });

  it('an answer that is kept keeps nothing of its request but the name', () => {
    setFlagsFromString('--expose_gc');
    const gc = runInNewContext('gc') as () => void;
    const servers = new ServerTransactions(DEFAULT_TIMERS);
    const flow = {
      protocol: 'udp',
      local: { host: '127.0.0.1', port: 1 },
      remote: { host: '127.0.0.1', port: 2 },
      alive: true,
      send: () => undefined,
      onFailure: () => () => undefined,
      end: () => undefined,
    } as const;
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 400; at += 1) {
      const head = Buffer.from(`a-call-id-of-its-own-${at}|${'x'.repeat(60_000)}`).toString('latin1');
      servers.remember({ key: head.slice(0, head.indexOf('|')), flow, size: 60_000 }, Buffer.alloc(300));
    }
    gc();
    expect((process.memoryUsage().heapUsed - before) / 400).toBeLessThan(6_000);
    servers.clear();
  });
});

describe('idle TCP connections', () => {
  async function idle(port: number, count: number): Promise<Socket[]> {
    const sockets: Socket[] = [];
    for (let at = 0; at < count; at += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      // Only who reads hears that the other side has left.
      socket.resume();
      sockets.push(socket);
    }
    open.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        return Promise.resolve();
      },
    });
    return sockets;
  }

  it.each([
    ['in all', { all: 20, perHost: 1_000 }],
    ['from one address', { all: 1_000, perHost: 20 }],
  ])('shut no phone out when there are too many %s: those that never spoke go first', async (_, limits) => {
    const all = await scene({ limits });
    const registered = kept(await TcpPeer.open(all.sip));
    registered.send(request(registered, 'OPTIONS', { callId: 'first' }));
    await all.app.respond((await all.app.take()).transactionId, '200 OK');
    expect((await registered.take()).status).toBe(200);

    const strangers = await idle(all.sip.port, 60);
    const phone = kept(await TcpPeer.open(all.sip));
    phone.send(request(phone, 'OPTIONS', { callId: 'second' }));
    await all.app.respond((await all.app.take()).transactionId, '200 OK');
    expect((await phone.take()).status).toBe(200);

    registered.send(request(registered, 'OPTIONS', { callId: 'third' }));
    await all.app.respond((await all.app.take()).transactionId, '200 OK');
    expect((await registered.take()).status).toBe(200);
    await expect
      .poll(() => strangers.filter((socket) => socket.readyState === 'open').length)
      .toBeLessThanOrEqual(20);
  });
});

describe('bytes that are no SIP', () => {
  it('a datagram of any bytes ends nothing', async () => {
    const all = await scene();
    const socket = createSocket('udp4');
    const send = (bytes: Buffer | string) =>
      new Promise<void>((resolve) => socket.send(bytes, all.sip.port, '127.0.0.1', () => resolve()));
    for (const text of [
      'MESSAGE sip:x SIP/2.0\r\n\r\n',
      'MESSAGE x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n',
      `SIP/2.0 200 OK\r\nVia: ${'x'.repeat(9000)}\r\n\r\n`,
      `OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:0;branch=z9hG4bK1\r\nFrom: <sip:@:0>;tag=\r\n\r\n`,
      `${'('.repeat(4000)} ${'['.repeat(4000)} SIP/2.0\r\nVia: SIP/2.0/UDP [::::::1]:70000\r\n\r\n`,
    ])
      await send(text);
    for (let at = 0; at < 200; at += 1)
      await send(Buffer.from(Array.from({ length: 64 + at }, (_, index) => (index * 31 + at * 7) & 0xff)));
    socket.close();
    await isServing(all);
  });

  it('a tag with a folded line behind it stays one word in what the app is told', async () => {
    const all = await scene();
    const phone = kept(await UdpPeer.open(all.sip));
    const headers = [`Contact: <sip:u@127.0.0.1:${phone.port}>`, 'Event: message-summary'];
    phone.send(request(phone, 'SUBSCRIBE', { from: '<sip:a@b>;tag=one\r\n two|three', headers }));
    const frame = await all.app.take();
    const answer = await all.app.respond(frame.transactionId, '489 Bad Event');
    expect(answer.result).toContain(`${frame.message.header('call-id')};from-tag=one||Msg sent:|`);
    expect(answer.message.start).toBe('SIP/2.0 489 Bad Event');
    await isServing(all);
  });
});

describe('a control character in what an application wants sent', () => {
  it('in the Request-URI gets the request refused', async () => {
    const { app, sip } = await scene();
    const answer = await app.request(`MESSAGE sip:a\u001db@127.0.0.1:${sip.port + 1} SIP/2.0`, []);
    expect(answer.result).toContain('NOK|a control character in the start line');
  });

  it.each(['To', 'Subject', 'X-Own'])(
    'in %s takes that header with it, and the request goes',
    async (name) => {
      const { app, sip } = await scene();
      const phone = kept(await UdpPeer.open(sip));
      await app.request(`OPTIONS sip:u@127.0.0.1:${phone.port} SIP/2.0`, [
        `${name}: <sip:a\u0001b@c.invalid>`,
      ]);
      const sent = await phone.take();
      expect(sent.start).toMatch(/^OPTIONS /);
      expect(sent.headers.filter(([, value]) => value.includes('\u0001'))).toEqual([]);
    },
  );
});
