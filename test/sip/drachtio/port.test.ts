import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SiloError } from '../../../lib/base/errors.ts';
import { startFrontEnd, type FrontEnd } from '../../../lib/embedded/front-end.ts';
import { connectSrf, disconnectSrf } from '../../../lib/sip/drachtio/connect.ts';
import type { FailureHandler, Handler, Next } from '../../../lib/sip/drachtio/messages.ts';
import { createPort, type Port } from '../../../lib/sip/drachtio/port.ts';
import { freePort } from '../../support/free-port.ts';
import { Phone } from '../../support/phone.ts';
import { until } from '../../support/until.ts';

let front: FrontEnd;
let srf: Srf;
let port: Port;
let alice: Phone;

async function start(
  ...handlers: readonly (Handler | { readonly failure: FailureHandler })[]
): Promise<void> {
  for (const handler of handlers)
    if (typeof handler === 'function') srf.use('message', port.middleware('handler', handler));
    else srf.use('message', port.failureMiddleware('failure', handler.failure));
  await connectSrf(srf, { host: front.adminHost, port: front.adminPort, secret: 'cymru' });
}

beforeEach(async () => {
  front = await startFrontEnd({ listen: '127.0.0.1:0' });
  srf = new Srf();
  port = createPort(srf, { handlerLimit: 300 });
  alice = await Phone.start('alice', { server: { host: '127.0.0.1', port: front.addresses[0]!.port } });
});
afterEach(async () => {
  alice.close();
  disconnectSrf(srf);
  await front.close();
});
/** Between us and the server; the sockets of both sides. */
async function aRelay(to: number): Promise<readonly [Server, Socket[]]> {
  const sockets: Socket[] = [];
  const relay = createServer((app) => {
    const server = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [app, server],
      [server, app],
    ] as const) {
      sockets.push(one);
      one.pipe(other).on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return [relay, sockets];
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;
const send = async () => (await alice.message('bob', 'hi')).status;

describe('a handler', () => {
  test('that rejects is answered with 500', async () => {
    await start(() => Promise.reject(new Error('oops')));
    expect(await send()).toBe(500);
  });

  test('that throws is answered with 500', async () => {
    await start(() => {
      throw new Error('oops');
    });
    expect(await send()).toBe(500);
  });

  test('that fails with an error of ours is answered with its status, reason and Retry-After', async () => {
    await start(() =>
      Promise.reject(new SiloError('SILO_STORE_UNAVAILABLE', 'away', { status: 503, retryAfter: 7 })),
    );
    const answer = await alice.message('bob', 'hi');
    expect([answer.status, answer.header('Retry-After')]).toEqual([503, '7']);
  });

  test('that never settles is answered with 503 after its time limit', async () => {
    await start(() => new Promise(() => undefined));
    expect(await send()).toBe(503);
  });

  test('that answers twice is answered once', async () => {
    await start((_, res) => {
      port.respond(res, 202);
      port.respond(res, 500);
    });
    expect(await send()).toBe(202);
  });

  test('that answers with a status that drachtio-srf has no name for is answered with the first of its class', async () => {
    await start((_, res) => port.respond(res, 699));
    expect(await send()).toBe(600);
  });

  test.each([
    ['hands on', (next: Next) => next()],
    ['fails', (next: Next) => next(new SiloError('SILO_USAGE', 'busy', { status: 486 }))],
  ])('that answers and then %s is answered once, also when its answer has to wait', async (_, after) => {
    let asked = 0;
    let all: () => void = () => undefined;
    const batch = new Promise<void>((resolve) => (all = resolve));
    await start(
      async (_req, res, next) => {
        if (++asked === 100) all();
        await batch;
        port.respond(res, 202);
        after(next);
      },
      {
        failure: (_error, _req, res) => {
          if (!res.finalResponseSent) port.respond(res, 486);
        },
      },
    );
    const answers = await Promise.all(Array.from({ length: 100 }, send));
    expect(answers).toEqual(Array.from({ length: 100 }, () => 202));
  });

  test('that hands on is no longer responsible, even if it fails afterwards', async () => {
    await start(
      (_req, _res, next) => {
        next();
      },
      (_req, res) => {
        port.respond(res, 202);
      },
    );
    expect(await send()).toBe(202);
  });

  test('that calls next(error) reaches the failure handler', async () => {
    await start((_req, _res, next) => next(Object.assign(new Error('busy'), { status: 486 })), {
      failure: (error, _req, res) => port.respond(res, (error as { status: number }).status),
    });
    expect(await send()).toBe(486);
  });

  test.each([
    [8, 7_000],
    [40, 4_200],
  ])(
    'answers %i requests at once whose From has %i characters, and the server stays able to hear',
    async (count, length) => {
      front.faults.wedge = true;
      await start(async (_, res) => {
        await sleep(50);
        port.respond(res, 202);
      });
      const From = `"${'x'.repeat(length)}" <sip:eve@example.org>;tag=1`;
      const asked = Array.from({ length: count }, () => alice.message('bob', 'hi', { headers: { From } }));
      expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([202]));
      expect(await send()).toBe(202);
    },
  );

  test('whose header has a line break is answered without that header', async () => {
    await start((_, res) =>
      port.respond(res, 202, { headers: { 'X-Evil': 'a\r\nX-More: b', 'X-Good': 'c' } }),
    );
    const answer = await alice.message('bob', 'hi');
    expect([answer.header('X-Evil'), answer.header('X-More'), answer.header('X-Good')]).toEqual([
      '',
      '',
      'c',
    ]);
  });
});

describe('sending', () => {
  const to = (target: string, over: Partial<Parameters<Port['send']>[0]> = {}) =>
    port.send({
      method: 'MESSAGE',
      uri: target,
      headers: { To: '<sip:bob@example.org>', From: '<sip:a@example.org>', 'Content-Type': 'text/plain' },
      body: Buffer.from('hi'),
      ...over,
    });
  const target = () => alice.contact.slice(1, -1);

  test('resolves with the peer’s final answer', async () => {
    await start();
    alice.react = () => ({ status: 486, headers: { 'Retry-After': '9' } });
    const answer = await to(target());
    expect(answer).toMatchObject({ status: 486, origin: 'peer' });
    expect(answer.header('Retry-After')).toBe('9');
  });

  test('tells a failure of the stack from a peer’s own answer', async () => {
    await start();
    expect(await to(`sip:bob@127.0.0.1:${await freePort()};transport=tcp`)).toMatchObject({
      status: 503,
      origin: 'stack',
    });
    alice.react = () => 503;
    expect(await to(target())).toMatchObject({ status: 503, origin: 'peer' });
  });

  test('gives up at its own time limit', async () => {
    await start();
    alice.react = () => 'silence';
    expect(
      await port.send({ method: 'MESSAGE', uri: target(), headers: { To: '<sip:b@x>' } }, 200),
    ).toMatchObject({ status: 408, origin: 'local', failure: 'timeout' });
  });

  test('thirty-two go at once, and what is no more wanted when its turn comes stays here', async () => {
    await start();
    let wanted = true;
    const answers = Array.from({ length: 50 }, () => to(target(), { wanted: () => wanted }));
    wanted = false;
    const failures = (await Promise.all(answers)).map(({ failure, status }) => failure ?? status);
    expect(failures).toEqual(Array.from({ length: 50 }, (_, index) => (index < 32 ? 200 : 'withdrawn')));
    expect(alice.requests).toHaveLength(32);
  });

  test('a connection that is lost fails what is out and what waits, once each, and the next one begins anew', async () => {
    await start();
    alice.react = () => 'silence';
    front.faults.dropAfterFrames = 5;
    const answers = Array.from({ length: 300 }, () => to(target()));
    for (const { failure } of await Promise.all(answers)) expect(failure).toBe('disconnected');
    alice.react = () => 200;
    await until(async () => expect(await to(target())).toMatchObject({ status: 200, origin: 'peer' }));
  });

  test('a server that dies with frames unread fails all as disconnected, those that wait among them', async () => {
    const [relay, sockets] = await aRelay(front.adminPort);
    await connectSrf(srf, { host: '127.0.0.1', port: portOf(relay), secret: 'cymru' });
    for (const socket of sockets) socket.unpipe().pause();
    const answers = Array.from({ length: 300 }, () => to(target()));
    await sleep(100);
    for (const socket of sockets) socket.resetAndDestroy();
    const failures = (await Promise.all(answers)).map(({ failure }) => failure);
    expect(failures).toEqual(Array.from({ length: 300 }, () => 'disconnected'));
    relay.close();
  });

  test('refuses what drachtio would damage, and sends nothing', async () => {
    await start();
    const cases = [
      to(target(), { body: Buffer.from([0xff, 0xfe]) }),
      to(target(), { body: Buffer.from('a\0b') }),
      to(target(), { headers: { 'X-Evil': 'a\r\nRoute: <sip:evil>' } }),
      to(`${target()}\r\nX: y`),
      to(target(), { body: Buffer.alloc(12_000, 'x') }),
      to(target(), { headers: { 'X-Long': 'y'.repeat(8100) } }),
      to(`sip:${'u'.repeat(600)}@127.0.0.1`),
    ];
    for (const answer of await Promise.all(cases))
      expect(answer).toMatchObject({
        origin: 'local',
        failure: expect.stringMatching(/^(unsendable|target)$/) as string,
      });
    expect(alice.requests).toHaveLength(0);
  });

  test('large and small requests at once all arrive whole', async () => {
    await start();
    front.faults.wedge = true;
    const bodies = Array.from({ length: 60 }, (_, i) =>
      Buffer.alloc(i % 3 === 0 ? 11_000 : 200, String.fromCharCode(97 + (i % 26))),
    );
    const answers = await Promise.all(bodies.map((body) => to(target(), { body })));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect(alice.messages.map((message) => message.body.toString()).sort()).toEqual(
      bodies.map(String).sort(),
    );
  });

  test('answers that come in the same read as the echo are not lost', async () => {
    await start();
    front.faults.echoWithResponse = true;
    const answers = await Promise.all(Array.from({ length: 200 }, () => to(target())));
    expect(answers.filter((answer) => answer.origin === 'peer')).toHaveLength(200);
  });

  test('without a connection it fails at once, also for what was under way', async () => {
    await start();
    alice.react = () => 'silence';
    const underWay = to(target());
    await alice.received(1);
    front.dropApps();
    expect(await underWay).toMatchObject({ origin: 'local', failure: 'disconnected' });
    expect(port.connected()).toBe(false);
    expect(await to(target())).toMatchObject({ origin: 'local', failure: 'disconnected' });
  });
});
