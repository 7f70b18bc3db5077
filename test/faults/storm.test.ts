/** Must be shown 5: every phone registers at once after an outage; one in a hundred has mail. */
import { afterEach, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { realTime } from '../support/real-time.ts';
import { hostPort, reply, request, type Sip } from '../support/sip/message.ts';
import { UdpPeer } from '../support/sip/peer.ts';
import { until } from '../support/until.ts';

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
let peer: UdpPeer | undefined;

afterEach(async () => {
  await peer?.close();
  await node?.close();
  peer = node = undefined;
});

/** All phones behind one socket: what comes in is told apart by the user part. */
class Crowd {
  readonly registered = new Set<string>();
  /** User -> bodies in order; repeats are left out. */
  readonly mail = new Map<string, string[]>();
  readonly #peer: UdpPeer;
  readonly #seen = new Set<string>();

  constructor(peer: UdpPeer) {
    this.#peer = peer;
    peer.onMessage = (message) => this.#receive(message);
  }

  register(user: string): void {
    const uri = `<sip:${user}@example.org>`;
    this.#peer.send(
      request(this.#peer, 'REGISTER', {
        uri: 'sip:example.org',
        branch: `z9hG4bK${user}`,
        from: `${uri};tag=${user}`,
        to: uri,
        callId: user,
        cseq: 1,
        headers: [`Contact: <sip:${user}@${hostPort(this.#peer)}>;expires=3600`],
      }),
    );
  }

  #receive(message: Sip): void {
    if (message.status === 200) this.registered.add(message.header('Call-ID'));
    const [, user] = /^MESSAGE sip:(\w+)@/.exec(message.start) ?? [];
    if (user === undefined) return;
    if (!this.#seen.has(message.transaction))
      this.mail.set(user, [...(this.mail.get(user) ?? []), message.text]);
    this.#seen.add(message.transaction);
    this.#peer.send(reply(message, 200, 'OK'));
  }
}

test(
  '10,000 REGISTERs in about 10 seconds, 1 % with mail: no query for the others, and all mail is delivered',
  { timeout: 400_000 },
  async () => {
    // So many behind one address are a proxy's: this is about the silo.
    node = await startNode({ limits: { limits: false }, silo: { tailTime: 3_600, checkTime: 3_600 } });
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
    peer = await UdpPeer.open(server);
    const crowd = new Crowd(peer);
    calls.clear();

    const begun = performance.now();
    for (let first = 0; first < PHONES; first += BURST) {
      for (const user of users.slice(first, first + BURST)) crowd.register(user);
      await realTime(PAUSE, 'rates');
    }
    // Who got no answer tries again, as a phone does.
    await until(async () => {
      for (const user of users) if (!crowd.registered.has(user)) crowd.register(user);
      await realTime(500, 'rates');
      return crowd.registered.size === PHONES;
    }, 60_000);
    const seconds = (performance.now() - begun) / 1000;
    await until(
      async () => expect(await store.ledger()).toMatchObject({ waiting: 0, delivered: WITH_MAIL * MAIL }),
      120_000,
    );
    await until(() => calls.get('release') === WITH_MAIL);

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
