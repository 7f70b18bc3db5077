import { describe, expect, test, afterEach } from 'vitest';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { mariadbMissing, startMariaDb } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { until } from '../support/until.ts';
import { asking, challengeOf, credentials, isStale, PASSWORD, type Asking } from './asking.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

/** So many nodes of one database, with one clock, and bob's phone before each. */
async function nodes(count: number) {
  const database = await (await sharedMariaDb()).createDatabase();
  ends.push(() => database.drop());
  let now = 1_800_000_000;
  const scenes: Asking[] = [];
  for (let nth = 0; nth < count; nth++) {
    const options = { front: {}, storeUrl: database.url, now: () => now, silo: { node: `node-${nth}` } };
    const scene = await asking(options, nth === 0 ? [subscriberOf('bob@example.org', PASSWORD)] : []);
    ends.push(() => scene.close());
    scenes.push(scene);
  }
  const phones = await Promise.all(scenes.map((scene) => scene.phone('bob')));
  return { scenes, phones, pass: (seconds: number) => (now += seconds) };
}

describe('nodes of one database', needing(mariadbMissing()), () => {
  test('take each other’s challenges for their own', async () => {
    const { phones } = await nodes(2);
    for (const [asker, other] of [
      [phones[0]!, phones[1]!],
      [phones[1]!, phones[0]!],
    ] as const) {
      const challenge = challengeOf(await asker.register());
      expect((await other.register({ headers: credentials(challenge) })).status).toBe(200);
    }
  });

  test('a recorded request is good once at a node, at another one for half a minute, and then nowhere', async () => {
    const { phones, pass } = await nodes(3);
    const headers = credentials(challengeOf(await phones[0]!.register()));
    expect((await phones[0]!.register({ headers })).status).toBe(200);
    expect(isStale(await phones[0]!.register({ headers }))).toBe(true);
    pass(30);
    expect((await phones[1]!.register({ headers })).status).toBe(200);
    expect(isStale(await phones[1]!.register({ headers }))).toBe(true);
    pass(1);
    expect(isStale(await phones[2]!.register({ headers }))).toBe(true);
  });

  test('have a new key each day, and what the old one has signed is good for its time', async () => {
    const { scenes, phones, pass } = await nodes(2);
    await phones[0]!.register();
    pass(86_399);
    const old = challengeOf(await phones[0]!.register());
    const keys = () => scenes[0]!.node.store.nonceKeys();
    expect(await keys()).toHaveLength(1);
    pass(1);
    // The new key is made meanwhile: nobody waits for it.
    await phones[0]!.register();
    await until(async () => expect(await keys()).toHaveLength(2));
    expect((await phones[0]!.register({ headers: credentials(old) })).status).toBe(200);
    expect((await phones[1]!.register({ headers: credentials(old, { count: 2 }) })).status).toBe(200);
    await until(async () => {
      const fresh = challengeOf(await phones[0]!.register());
      expect((await phones[1]!.register({ headers: credentials(fresh) })).status).toBe(200);
    });
    pass(3 * 86_400);
    await phones[0]!.register();
    await until(async () =>
      expect((await keys()).map(({ made }) => made)).toEqual([1_800_000_000 + 4 * 86_400]),
    );
    expect(isStale(await phones[1]!.register({ headers: credentials(old, { count: 3 }) }))).toBe(true);
  });

  test('who writes other keys into nonces makes one look a second at the table', async () => {
    const { scenes, phones, pass } = await nodes(1);
    const challenge = challengeOf(await phones[0]!.register());
    const reads = () => scenes[0]!.node.calls.get('nonceKeys') ?? 0;
    const before = reads();
    const invented = (nth: number) =>
      challenge.replace(/nonce="...../, `nonce="Z${String(nth).padStart(4, 'x')}`);
    for (let nth = 0; nth < 20; nth++)
      expect(isStale(await phones[0]!.register({ headers: credentials(invented(nth)) }))).toBe(true);
    expect(reads()).toBe(before + 1);
    pass(1);
    await phones[0]!.register({ headers: credentials(invented(20)) });
    expect(reads()).toBe(before + 2);
  });
});

test(
  'without the database who can’t be looked up gets 503, never 401',
  needing(mariadbMissing()),
  async () => {
    const server = await startMariaDb();
    ends.push(() => server.stop());
    const scene = await asking({ front: {}, storeUrl: (await server.createDatabase()).url });
    ends.push(() => scene.close());
    const bob = await scene.phone('bob');
    expect((await (await scene.owner('alice')).register()).status).toBe(200);
    server.kill('SIGKILL');
    await server.down();
    const asked = await bob.register();
    expect(asked.status).toBe(401);
    const answer = await bob.register({ headers: credentials(challengeOf(asked)) });
    expect(answer.status).toBe(503);
    expect(answer.header('Retry-After')).toMatch(/^[1-9]\d*$/);
  },
);
