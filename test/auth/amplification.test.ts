/**
 * Nothing is sent to a place that has not shown that it listens there: bytes out for each byte in, for each way in which a stranger
 * could name somebody else. The loopback of these tests is not free as it is elsewhere. `FIGURES=1` prints what was measured.
 */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { TestNodeOptions } from '../support/node.ts';
import type { Phone } from '../support/phone.ts';
import { realServer } from '../support/real-server.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { hostPort, request, type RequestParts } from '../support/sip/message.ts';
import { openSink, type Sink } from './sink.ts';

/** So that repeats end within a second: 11 of them, as over 32 s. */
const T1 = 5;
const TIMERS = { T1, T2: 8 * T1, F: 64 * T1, connect: 200 };
/** A real drachtio-server takes its time: between two repeats at most four seconds. */
const REAL = realServer !== undefined;
const QUIET = REAL ? 6_000 : TIMERS.F * 3;
const REQUESTS = 20;

let scene: Scene;
let eve: Phone;
let victim: Sink;
afterEach(async () => {
  await scene.close();
  await victim.close();
});

async function begin(options: TestNodeOptions = {}): Promise<void> {
  scene = await aScene({ ...(REAL ? {} : { front: { timers: TIMERS } }), trust: { local: [] }, ...options });
  eve = await scene.phone('eve', { host: '127.0.0.5' });
  // With a port of the same number: a maddr changes the host alone.
  victim = await openSink('127.0.0.9', Number(eve.contact.match(/:(\d+)>/)?.[1]));
}

/** A stranger's requests, all at once, over UDP from 127.0.0.5 or over a TCP connection that closes. */
async function attack(requests: readonly Buffer[], transport: 'udp' | 'tcp' = 'udp'): Promise<number> {
  const { host, port } = scene.node.server;
  const bytes = requests.reduce((sum, { length }) => sum + length, 0);
  if (transport === 'udp') {
    // The very place that the requests come from: nothing is behind a NAT.
    for (const one of requests) eve.send(Buffer.from(one.toString().replaceAll(':5999', `:${victim.port}`)));
    await victim.quiet(QUIET);
    return bytes;
  }
  const socket = connect({ host, port, localAddress: '127.0.0.5' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  let answers = 0;
  socket.on('data', (data) => (answers += data.toString().match(/^SIP\/2\.0 /gm)?.length ?? 0));
  for (const one of requests) socket.write(one.toString().replace('SIP/2.0/UDP', 'SIP/2.0/TCP'));
  await expect.poll(() => answers, { timeout: 10_000 }).toBeGreaterThanOrEqual(requests.length);
  socket.destroy();
  await victim.quiet(QUIET);
  return bytes;
}

function figure(way: string, received: number): number {
  const factor = victim.bytes / received;
  if (process.env['FIGURES'] !== undefined)
    console.log(`${way}: ${received} bytes in, ${victim.bytes} out, factor ${factor.toFixed(1)}`);
  return factor;
}

function made(method: string, user: string, headers: readonly string[], parts: RequestParts = {}): Buffer {
  const address = `<sip:${user}@example.org>`;
  return request({ host: '127.0.0.5', port: 5999, transport: 'UDP' }, method, {
    uri: `sip:${user}@example.org`,
    from: `${address};tag=1`,
    to: address,
    headers,
    ...parts,
  });
}

const many = (one: (number: number) => Buffer) =>
  Array.from({ length: REQUESTS }, (_, number) => one(number));
const there = () => hostPort(victim);
/** The stranger's own address, but to be reached at the other's. */
const maddr = () => `127.0.0.5:5999;maddr=${victim.host}`;

function subscribing(contact: string, ...headers: readonly string[]): readonly Buffer[] {
  return many((number) =>
    made('SUBSCRIBE', `u${number}`, [
      `Contact: <sip:u${number}@${contact}>`,
      'Event: message-summary',
      'Expires: 600',
      ...headers,
    ]),
  );
}

function registering(...headers: readonly string[]): readonly Buffer[] {
  return many((number) =>
    made(
      'REGISTER',
      `u${number}`,
      ['Expires: 600', 'Supported: path', ...headers.map((line) => line.replace('{n}', String(number)))],
      {
        uri: 'sip:example.org',
      },
    ),
  );
}

/** A message for each of the stranger's names, which he may have written himself. */
function writing(from: (number: number) => string, parts: RequestParts = {}): readonly Buffer[] {
  return many((number) =>
    made('MESSAGE', `u${number}`, ['Content-Type: text/plain'], {
      from: `<sip:${from(number)}>;tag=1`,
      body: 'hello',
      ...parts,
    }),
  );
}

describe(
  'at most three bytes for each of a stranger go to who has asked for nothing',
  { timeout: 120_000 },
  () => {
    test.each<[string, 'udp' | 'tcp', () => readonly Buffer[]]>([
      ['SUBSCRIBE, Contact elsewhere', 'udp', () => subscribing(there())],
      ['SUBSCRIBE, Contact with maddr elsewhere', 'udp', () => subscribing(maddr())],
      ['SUBSCRIBE over TCP, Contact with maddr elsewhere', 'tcp', () => subscribing(maddr())],
      ['REGISTER, Contact with maddr elsewhere', 'udp', () => registering(`Contact: <sip:u{n}@${maddr()}>`)],
      ['SUBSCRIBE over TCP, Contact elsewhere', 'tcp', () => subscribing(there())],
      [
        'SUBSCRIBE over TCP, Contact elsewhere over TCP',
        'tcp',
        () => subscribing(`${there()};transport=tcp`),
      ],
      [
        'SUBSCRIBE, Record-Route elsewhere',
        'udp',
        () => subscribing('127.0.0.5:5999', `Record-Route: <sip:${there()};lr>`),
      ],
      [
        'SUBSCRIBE over TCP, Record-Route elsewhere',
        'tcp',
        () => subscribing('127.0.0.5:5999', `Record-Route: <sip:${there()};lr>`),
      ],
      ['REGISTER, Contact elsewhere', 'udp', () => registering(`Contact: <sip:u{n}@${there()}>`)],
      ['REGISTER over TCP, Contact elsewhere', 'tcp', () => registering(`Contact: <sip:u{n}@${there()}>`)],
      [
        'REGISTER, Path elsewhere',
        'udp',
        () => registering('Contact: <sip:u{n}@127.0.0.5:5999>', `Path: <sip:${there()};lr>`),
      ],
      [
        'REGISTER, Path elsewhere over UDP only',
        'udp',
        () => registering('Contact: <sip:u{n}@127.0.0.5:5999>', `Path: <sip:${there()};transport=udp;lr>`),
      ],
    ])('%s', async (way, transport, requests) => {
      await begin({ silo: { maxLanes: 100 } });
      // What waits is sent, and what it changes is told.
      const before = await attack(writing((number) => `v${number}@example.org`));
      const received = before + (await attack(requests(), transport));
      expect(figure(way, received)).toBeLessThan(3);
    });

    test('a message to devices with a Path elsewhere, which are many', async () => {
      await begin();
      const contacts = Array.from({ length: 10 }, (_, number) => `<sip:d${number}@127.0.0.5:5999>`).join(
        ', ',
      );
      const received =
        (await attack(registering(`Contact: ${contacts}`, `Path: <sip:${there()};lr>`))) +
        (await attack(writing((number) => `v${number}@example.org`)));
      expect(figure('live MESSAGE, 10 contacts with Path elsewhere', received)).toBeLessThan(3);
    });

    test('notices to a From elsewhere', async () => {
      await begin({
        silo: {
          domains: ['example.org'],
          noticeFrom: 'sip:silo@example.org',
          noticeBody: 'stored',
          noticeRate: 0,
        },
      });
      const received = await attack(writing((number) => `v${number}@${there()}`));
      expect(figure('MESSAGE, notice to a From elsewhere', received)).toBeLessThan(3);
    });

    test('receipts to a From elsewhere', async () => {
      await begin({ silo: { domains: ['example.org'], imdn: true } });
      const body =
        'From: <im:v@example.org>\r\nTo: <im:u@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
        'imdn.Message-ID: 1\r\nimdn.Disposition-Notification: processing\r\n\r\nContent-Type: text/plain\r\n\r\nhi';
      const cpim = { body, headers: ['Content-Type: message/cpim'] };
      const received = await attack(writing((number) => `v${number}@${there()}`, cpim));
      expect(figure('MESSAGE, receipt to a From elsewhere', received)).toBeLessThan(3);
    });

    test('and a proxy elsewhere that answers gets what it is there for', async () => {
      await begin();
      const edge = await scene.phone('edge', { transport: 'tcp' });
      const there = `sip:${edge.contact.split('@')[1]?.split(';')[0] ?? ''};lr`;
      await scene.leave('u0', 'one');
      await attack(registering('Contact: <sip:u{n}@127.0.0.5:5999>', `Path: <${there}>`).slice(0, 1));
      await edge.received(1);
      expect(edge.texts).toEqual(['one']);
    });

    test('answers to what is refused', async () => {
      await begin();
      // Refused whatever it says: an answer repeats less than it answers.
      const bytes = many((number) =>
        made('SUBSCRIBE', `u${number}`, ['Event: presence', 'Contact: <sip:u@127.0.0.5>']),
      );
      for (const one of bytes) eve.send(one);
      await eve.register();
      expect(victim.bytes).toBe(0);
    });
  },
);
