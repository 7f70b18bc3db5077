/** Nodes on one database as their users run them: seen by each other, killed, stopped, named twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { packageVersion } from '../../lib/base/package.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Fleet } from '../support/fleet.ts';
import { LampPhone, stateOf, voice } from '../support/lamp-phone.ts';
import { until } from '../support/until.ts';

const LEASE = 3;
const behindOne = process.env['SILO_CONFORMANCE_SIP'] !== undefined;
const apps: RunningApp[] = [];
const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map(({ process }) => process.stop()));
  for (const end of ends.splice(0).reverse()) await end();
});

interface Database {
  readonly url: string;
  readonly store: Store;
}
async function database(url: string): Promise<Database> {
  const store = await openStore(url);
  ends.push(() => store.close());
  return { url, store };
}
async function mariadb(): Promise<Database> {
  const made = await (await sharedMariaDb()).createDatabase();
  ends.push(() => made.drop());
  return database(made.url);
}
function sqlite(): Promise<Database> {
  const folder = temporaryFolder('silo-nodes');
  ends.push(() => folder.remove());
  return database(`sqlite:${join(folder.path, 'silo.db')}`);
}
async function node({ url }: Database, name: string): Promise<RunningApp> {
  const env = { SILO_STORE: url, SILO_NODE: name, SILO_LEASE_TIME: String(LEASE) };
  const running = await startApp(env);
  apps.push(running);
  return running;
}
async function lampPhone(name: string, { server }: RunningApp, tcp = false): Promise<LampPhone> {
  const phone = await LampPhone.start(name, { server, ...(tcp ? { transport: 'tcp' } : {}) });
  ends.push(() => phone.close());
  return phone;
}
const kill = async ({ process }: RunningApp) => {
  process.kill('SIGKILL');
  await process.exited;
};
const rowOf = async ({ store }: Database, name: string) =>
  (await store.nodes()).find((row) => row.node === name);

const kinds = [
  { kind: 'SQLite', make: sqlite, needs: {} },
  { kind: 'MariaDB', make: mariadb, needs: needing(mariadbMissing()) },
];
// Each node has a SIP front end of its own here.
describe.skipIf(behindOne).each(kinds)('two nodes on $kind', { timeout: 60_000 }, ({ make, needs }) => {
  describe('', needs, () => {
    let db: Database;

    test('a node has a row with its name, process, server and version, whose time goes on until it stops', async () => {
      db = await make();
      const one = await node(db, 'one');
      const first = await rowOf(db, 'one');
      expect(first).toMatchObject({
        process: `${hostname()} ${one.process.pid}`,
        version: packageVersion(),
        stopped: 0,
        server: expect.stringContaining(`udp/127.0.0.1:${one.server.port}`) as string,
      });
      await expect
        .poll(() => rowOf(db, 'one'), { timeout: 5000 })
        .toMatchObject({ run: first!.run, started: first!.started });
      await expect
        .poll(async () => (await rowOf(db, 'one'))!.seen, { timeout: 5000 })
        .toBeGreaterThan(first!.seen);
      expect((await one.process.stop()).code).toBe(0);
      expect((await rowOf(db, 'one'))!.stopped).toBeGreaterThan(0);
      await node(db, 'one');
      const again = await rowOf(db, 'one');
      expect(again).toMatchObject({ stopped: 0 });
      expect(again!.run).not.toBe(first!.run);
    });

    test('the phones of a node that died for good are told by another one, once, and it says so', async () => {
      db = await make();
      const [one, two] = [await node(db, 'one'), await node(db, 'two')];
      const fleet = await Fleet.start(300, { server: one.server });
      ends.push(() => fleet.close());
      await fleet.subscribe();
      const before = new Map([...fleet.members.values()].map(({ user, callId }) => [user, callId]));
      const tcp = await lampPhone('tom', one, true);
      await tcp.subscribe();
      await tcp.notified(1);
      // From now on they find the other node, as by a second SRV record.
      fleet.moveTo(two.server);
      await kill(one);
      const killed = performance.now();
      await fleet.all(
        ({ user, callId, notifies }) =>
          callId !== before.get(user) &&
          notifies.some(
            (notify) => notify.header('Call-ID') === callId && stateOf(notify).startsWith('active'),
          ),
      );
      expect(performance.now() - killed).toBeGreaterThan((LEASE - 1) * 1000 - 500);
      for (const { user, notifies } of fleet.members.values()) {
        const old = notifies.filter((notify) => notify.header('Call-ID') === before.get(user));
        expect(old.map(stateOf).filter((state) => state === 'terminated;reason=deactivated')).toHaveLength(1);
      }
      expect(fleet.pace().fallen).toBe(0);
      // Their lamps are served there.
      const voicemail = await lampPhone('voicemail', two);
      await voicemail.publish('u7@example.org', voice(2));
      await until(() => fleet.members.get('u7')!.notifies.at(-1)!.body.includes('Voice-Message: 2/0'));
      // Nothing is left of the dead node but the phone that only its own server could reach.
      expect(await db.store.subscriptionsOf('one', (await rowOf(db, 'one'))!.run, '', 1000)).toHaveLength(1);
      await expect.poll(() => two.process.stderr).toContain('300 phones of node one');
      expect(two.process.stderr).toMatch(/node one \(.+\) is dead/);
      expect(two.process.stderr).toContain(
        '1 phones of node one, which is gone, can only be reached by its own',
      );
    });

    test('a node that is back in time keeps its phones', async () => {
      db = await make();
      const [one, two] = [await node(db, 'one'), await node(db, 'two')];
      const bob = await lampPhone('bob', one);
      await bob.subscribe();
      await bob.notified(1);
      one.process.kill('SIGSTOP');
      await sleep((LEASE * 1000 * 2) / 5);
      one.process.kill('SIGCONT');
      await sleep(LEASE * 1000 + 1500);
      expect(bob.notifies).toHaveLength(1);
      expect(two.process.stderr).toBe('');
    });

    test('two processes with one name are warned of, by both', async () => {
      db = await make();
      const [one, two] = [await node(db, 'same'), await node(db, 'same')];
      for (const [each, other] of [
        [one, two],
        [two, one],
      ] as const) {
        await expect
          .poll(() => each.process.stderr, { timeout: 8000 })
          .toContain('Set SILO_NODE differently');
        expect(each.process.stderr).toContain(
          `Two running processes call themselves "same" in this database: this one (${hostname()} ${each.process.pid}) and ${hostname()} ${other.process.pid}.`,
        );
      }
    });

    test('a restart after kill -9 is no second process', async () => {
      db = await make();
      await kill(await node(db, 'one'));
      const again = await node(db, 'one');
      await sleep(LEASE * 1000);
      expect(again.process.stderr).toBe('');
    });
  });
});
