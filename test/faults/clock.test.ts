/** Clocks that jump by an hour: nothing is sent after its expiry, leases hold, nothing is stuck. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { atRest, looked } from '../support/sentinel.ts';
import { turns, until } from '../support/until.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { Books } from './books.ts';
import { chance } from '../support/load/random.ts';

const HOUR = 3_600;

let folder: TemporaryFolder;
let nodes: TestNode[];
let phones: Phone[];

beforeEach(() => {
  folder = temporaryFolder('silo-clock');
  nodes = [];
  phones = [];
});
afterEach(async () => {
  for (const phone of phones) phone.close();
  for (const node of nodes) await node.close();
  folder.remove();
});

async function start(now: () => number): Promise<TestNode> {
  const node = await startNode({
    now,
    storeUrl: `sqlite:${join(folder.path, 'silo.db')}`,
    silo: { tailTime: 0.05, checkTime: 0.05, leaseTime: 3, node: `node ${nodes.length}` },
    registrar: { maxExpires: 100 * HOUR },
  });
  nodes.push(node);
  return node;
}
async function phone(name: string, { server }: TestNode): Promise<Phone> {
  const started = await Phone.start(name, { server });
  phones.push(started);
  return started;
}

describe('one node whose clock jumps', () => {
  test('forward in mid-dump: what has expired is not sent any more, the rest arrives in order', async () => {
    let time = 1_800_000_000;
    const node = await start(() => time);
    const [alice, bob] = [await phone('alice', node), await phone('bob', node)];
    const leave = async (body: string, expires: number) =>
      expect((await alice.message('bob', body, { headers: { Expires: String(expires) } })).status).toBe(202);
    for (let i = 0; i < 10; i++) {
      await leave(`short ${i}`, 600);
      await leave(`long ${i}`, 10 * HOUR);
    }
    bob.react = ({ method }, nth) => {
      if (method === 'MESSAGE' && nth === 6) time += HOUR;
      return 200;
    };
    await bob.register({ expires: 50 * HOUR });
    await until(async () => expect((await node.store.ledger()).waiting).toBe(0));
    expect(bob.texts).toEqual([
      ...['short 0', 'long 0', 'short 1', 'long 1', 'short 2', 'long 2'],
      ...Array.from({ length: 7 }, (_, i) => `long ${i + 3}`),
    ]);
    expect(await node.store.ledger()).toMatchObject({ delivered: 13, expired: 7, dead: 0 });
  });

  test('back: retries, new messages and registrations go on, and nothing is stuck', async () => {
    let time = 1_800_000_000;
    const node = await start(() => time);
    const [alice, bob] = [await phone('alice', node), await phone('bob', node)];
    await bob.register({ expires: 50 * HOUR });
    bob.react = ({ method }) => (method === 'MESSAGE' ? 480 : 200);
    expect((await alice.message('bob', 'before')).status).toBe(202);
    time -= HOUR;
    expect((await alice.message('bob', 'after')).status).toBe(202);
    bob.react = () => 200;
    await bob.register({ expires: 50 * HOUR });
    await bob.received(3);
    expect(bob.texts).toEqual(['before', 'before', 'after']);
    await until(async () => expect((await node.store.ledger()).waiting).toBe(0));
    expect((await alice.message('bob', 'live')).status).toBe(200);
  });

  test(
    'both ways, again and again, under load: the books close, and each message came while it was good',
    { timeout: 60_000 },
    async () => {
      let time = 1_800_000_000;
      const dice = chance();
      console.log(`clock jumps: FAULT_SEED=${dice.seed}`);
      const node = await start(() => time);
      const books = new Books(node);
      const alice = await phone('alice', node);
      const bobs = await Promise.all(Array.from({ length: 6 }, (_, i) => phone(`bob${i}`, node)));
      const late: string[] = [];
      const expiry = new Map<string, number>();
      // On its way when the clock jumps: sent before.
      const past = new Set<{ readonly time: number }>();
      const jump = (seconds: number) => {
        const then = { time };
        past.add(then);
        void turns(50).then(() => past.delete(then));
        time += seconds;
      };
      const earliest = () => Math.min(time, ...[...past].map((then) => then.time));
      for (const bob of bobs)
        bob.react = (request) => {
          if (request.method !== 'MESSAGE') return 200;
          const body = request.body.toString();
          if ((expiry.get(body) ?? 0) <= earliest()) late.push(body);
          const status = dice.next() < 0.8 ? 200 : 480;
          if (status === 200) books.taken.add(request.header('Call-ID'));
          return status;
        };
      let accepted = 0;
      for (let round = 0; round < 40; round++) {
        jump(dice.pick([HOUR, -HOUR, 10, 10]));
        for (const [index, bob] of bobs.entries()) {
          if (dice.next() < 0.4)
            await (dice.next() < 0.7 ? bob.register({ expires: 50 * HOUR }) : bob.unregister());
          const body = `message ${round} for ${index}`;
          const expires = dice.pick([300, 2 * HOUR, 40 * HOUR]);
          expiry.set(body, time + expires);
          const { status } = await alice.message(bob.name, body, { headers: { Expires: String(expires) } });
          expect([200, 202]).toContain(status);
          if (status === 202) accepted++;
        }
      }
      for (let hours = 0; books.count('') > 0 && hours < 60; hours++) {
        jump(HOUR);
        for (const bob of bobs) await bob.register({ expires: 50 * HOUR });
        await atRest(node);
      }
      expect(late).toEqual([]);
      expect(books.count('')).toBe(0);
      await books.close(accepted);
      console.log(
        `clock jumps under load: accepted ${accepted}, delivered ${books.count('delivered')}, expired ${books.count('expired')}`,
      );
    },
  );
});

test('two nodes on a machine whose clock jumps lose nothing, and double one message per jump at most', async () => {
  // On SQLite the clock of the machine is that of the leases; on MySQL it is the database's, whatever the nodes' say.
  let jump = 0;
  const clock = () => Math.floor(Date.now() / 1000) + jump;
  const [one, two] = [await start(clock), await start(clock)];
  const [alice, bob] = [await phone('alice', one), await phone('bob', one)];
  for (let i = 0; i < 30; i++) expect((await alice.message('bob', `message ${i}`)).status).toBe(202);
  bob.react = async ({ method }, nth) => {
    if (method !== 'MESSAGE') return 200;
    if (nth === 10) jump = HOUR;
    if (nth === 20) jump = -HOUR;
    two.silo.dump(bob.aor);
    await looked(two);
    return 200;
  };
  await bob.register({ expires: 50 * HOUR });
  await until(async () => expect((await one.store.ledger()).waiting).toBe(0));
  expect(new Set(bob.texts)).toEqual(new Set(Array.from({ length: 30 }, (_, i) => `message ${i}`)));
  // A jump forward ends the lease of whoever serves, and the other node takes over.
  expect(bob.texts.length).toBeLessThanOrEqual(31);
});
