/** Must be shown 5: every phone registers at once after an outage; one in a hundred has mail. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

const PHONES = 10_000;
/** Every so many-th phone has mail. */
const EVERY = 100;
const WITH_MAIL = PHONES / EVERY;
/** Messages that wait for each of these. */
const MAIL = 3;
/** REGISTERs that are out at the same time, and the pause between bursts: about 10 seconds in all. */
const BURST = 100;
const PAUSE = 100;

let node: TestNode | undefined;
let socket: Socket | undefined;

afterEach(async () => {
  socket?.close();
  await node?.close();
  socket = node = undefined;
});

/** All phones behind one socket: what comes in is told apart by the user part. */
class Crowd {
  readonly registered = new Set<string>();
  /** User -> bodies in order; retransmissions are left out. */
  readonly mail = new Map<string, string[]>();
  readonly #socket: Socket;
  readonly #port: number;
  readonly #seen = new Map<string, Buffer>();

  constructor(own: Socket, { server }: TestNode) {
    this.#socket = own;
    this.#port = server.port;
    own.on('message', (bytes) => this.#receive(bytes.toString()));
  }

  register(user: string): void {
    const { port } = this.#socket.address();
    this.#send(
      [
        'REGISTER sip:example.org SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${user}`,
        'Max-Forwards: 70',
        `From: <sip:${user}@example.org>;tag=${user}`,
        `To: <sip:${user}@example.org>`,
        `Call-ID: ${user}`,
        'CSeq: 1 REGISTER',
        `Contact: <sip:${user}@127.0.0.1:${port}>;expires=3600`,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
  }

  #receive(text: string): void {
    const line = (name: string) => new RegExp(`^${name}: (.*)\r$`, 'm').exec(text)?.[1] ?? '';
    if (text.startsWith('SIP/2.0 200')) {
      this.registered.add(line('Call-ID'));
      return;
    }
    const [, user] = /^MESSAGE sip:(\w+)@/.exec(text) ?? [];
    if (user === undefined) return;
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${line(name)}\r\n`);
    const answer = Buffer.from(`SIP/2.0 200 OK\r\n${copied.join('')}Content-Length: 0\r\n\r\n`);
    if (!this.#seen.has(line('Via')))
      this.mail.set(user, [...(this.mail.get(user) ?? []), text.slice(text.indexOf('\r\n\r\n') + 4)]);
    this.#seen.set(line('Via'), answer);
    this.#send(answer);
  }

  #send(bytes: Buffer | string): void {
    this.#socket.send(bytes, this.#port, '127.0.0.1');
  }
}

test(
  '10,000 REGISTERs in about 10 seconds, 1 % with mail: no query for the others, and all mail is delivered',
  { timeout: 90_000 },
  async () => {
    node = await startNode({ silo: { tailTime: 3_600, checkTime: 3_600 } });
    const { calls, store, server } = node;
    const alice = await Phone.start('alice', { server });
    const users = Array.from({ length: PHONES }, (_, index) => `user${index}`);
    const owed = users.filter((_, index) => index % EVERY === 0);
    for (let number = 0; number < MAIL; number++)
      await Promise.all(
        owed.map(async (user) => {
          expect((await alice.message(user, `message ${number} for ${user}`)).status).toBe(202);
        }),
      );
    alice.close();
    socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 }).bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const crowd = new Crowd(socket, node);
    calls.clear();

    const begun = performance.now();
    for (let first = 0; first < PHONES; first += BURST) {
      for (const user of users.slice(first, first + BURST)) crowd.register(user);
      await sleep(PAUSE);
    }
    // Who got no answer tries again, as a phone does.
    await vi.waitFor(
      () => {
        for (const user of users) if (!crowd.registered.has(user)) crowd.register(user);
        expect(crowd.registered.size).toBe(PHONES);
      },
      { timeout: 30_000, interval: 500 },
    );
    const seconds = (performance.now() - begun) / 1000;
    await vi.waitFor(
      async () => expect(await store.ledger()).toMatchObject({ waiting: 0, delivered: WITH_MAIL * MAIL }),
      { timeout: 30_000, interval: 100 },
    );

    console.log(
      `REGISTER storm: ${PHONES} in ${seconds.toFixed(1)} s, ${JSON.stringify(Object.fromEntries(calls))}`,
    );
    for (const user of owed)
      expect(crowd.mail.get(user)).toEqual(
        Array.from({ length: MAIL }, (_, number) => `message ${number} for ${user}`),
      );
    expect(crowd.mail.size).toBe(WITH_MAIL);
    // The silo asked for those with mail, and for nobody else.
    expect(calls.get('register')).toBeGreaterThanOrEqual(PHONES);
    for (const query of ['claim', 'release']) expect(calls.get(query)).toBe(WITH_MAIL);
    expect(calls.get('waiting')).toBeLessThanOrEqual(2 * WITH_MAIL);
    expect(calls.get('settle')).toBe(WITH_MAIL * MAIL);
    expect(calls.get('bindings')).toBeLessThanOrEqual(WITH_MAIL * (MAIL + 2));
    expect(calls.has('boxes')).toBe(false);
  },
);
