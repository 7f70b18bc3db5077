/** Nodes on one database as their users run them: seen by each other, killed, stopped, named twice. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { NodeRow } from '../../lib/stores/contract/nodes.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { packageVersion } from '../../lib/base/package.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Fleet } from '../support/fleet.ts';
import { LampPhone, stateOf, voice } from '../support/lamp-phone.ts';
import { realTime } from '../support/real-time.ts';
import { until } from '../support/until.ts';

const LEASE = 3;
const behindOne = process.env['SILO_CONFORMANCE_SIP'] !== undefined;

interface Database {
  readonly url: string;
  readonly store: Store;
}

/** What one test has: a database, its nodes, and phones. All of it goes away with the test. */
class Scene {
  readonly db: Database;
  readonly #apps: RunningApp[] = [];
  readonly #ends: (() => unknown)[];

  private constructor(db: Database, ends: (() => unknown)[]) {
    this.db = db;
    this.#ends = ends;
  }

  static async on({ url, drop }: { readonly url: string; readonly drop: () => unknown }): Promise<Scene> {
    const store = await openStore(url);
    return new Scene({ url, store }, [drop, () => store.close()]);
  }

  async node(name: string): Promise<RunningApp> {
    const running = await startApp({
      SILO_STORE: this.db.url,
      SILO_NODE: name,
      SILO_LEASE_TIME: String(LEASE),
      SILO_MWI_SPREAD: '300',
    });
    this.#apps.push(running);
    return running;
  }

  async lampPhone(name: string, { server }: RunningApp, tcp = false): Promise<LampPhone> {
    const phone = await LampPhone.start(name, { server, ...(tcp ? { transport: 'tcp' } : {}) });
    this.#ends.push(() => phone.close());
    return phone;
  }

  async fleet(size: number, { server }: RunningApp): Promise<Fleet> {
    const fleet = await Fleet.start(size, { server });
    this.#ends.push(() => fleet.close());
    return fleet;
  }

  async row(name: string): Promise<NodeRow | undefined> {
    return (await this.db.store.nodes()).find(({ node }) => node === name);
  }

  /** So many seconds have passed for a node, by the times of its heartbeats. */
  async beats(name: string, seconds: number): Promise<void> {
    const seen = async () => (await this.row(name))?.seen ?? 0;
    const since = await seen();
    await until(async () => (await seen()) >= since + seconds);
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map(({ process }) => process.stop()));
    for (const end of this.#ends.reverse()) await end();
  }
}

const kill = async ({ process }: RunningApp) => {
  process.kill('SIGKILL');
  await process.exited;
};
function sqlite(): Promise<Scene> {
  const folder = temporaryFolder('silo-nodes');
  return Scene.on({ url: `sqlite:${join(folder.path, 'silo.db')}`, drop: () => folder.remove() });
}
async function mariadb(): Promise<Scene> {
  const database = await (await sharedMariaDb()).createDatabase();
  return Scene.on({ url: database.url, drop: () => database.drop() });
}

const kinds = [
  { kind: 'SQLite', make: sqlite, needs: {} },
  { kind: 'MariaDB', make: mariadb, needs: needing(mariadbMissing()) },
];
// Each node has a SIP front end of its own here.
describe.concurrent.each(kinds)(
  'two nodes on $kind',
  { timeout: 60_000, skip: behindOne },
  ({ make, needs }) => {
    describe('', needs, () => {
      test.concurrent(
        'a node has a row with its name, process, server and version, whose time goes on until it stops',
        async ({ onTestFinished }) => {
          const scene = await make();
          onTestFinished(() => scene.close());
          const one = await scene.node('one');
          const first = await scene.row('one');
          expect(first).toMatchObject({
            process: `${hostname()} ${one.process.pid}`,
            version: packageVersion(),
            stopped: 0,
            server: expect.stringContaining(`udp/127.0.0.1:${one.server.port}`) as string,
          });
          await scene.beats('one', 1);
          expect(await scene.row('one')).toMatchObject({ run: first!.run, started: first!.started });
          expect((await one.process.stop()).code).toBe(0);
          expect((await scene.row('one'))!.stopped).toBeGreaterThan(0);
          await scene.node('one');
          const again = await scene.row('one');
          expect(again).toMatchObject({ stopped: 0 });
          expect(again!.run).not.toBe(first!.run);
        },
      );

      test.concurrent(
        'the phones of a node that died for good are told by another one, once, and it says so',
        async ({ onTestFinished }) => {
          const scene = await make();
          onTestFinished(() => scene.close());
          const [one, two] = [await scene.node('one'), await scene.node('two')];
          const fleet = await scene.fleet(300, one);
          await fleet.subscribe();
          const before = new Map([...fleet.members.values()].map(({ user, callId }) => [user, callId]));
          const tcp = await scene.lampPhone('tom', one, true);
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
            expect(
              old.map(stateOf).filter((state) => state === 'terminated;reason=deactivated'),
            ).toHaveLength(1);
          }
          expect(fleet.pace().fallen).toBe(0);
          // Their lamps are served there.
          const voicemail = await scene.lampPhone('voicemail', two);
          await voicemail.publish('u7@example.org', voice(2));
          await until(() => fleet.members.get('u7')!.notifies.at(-1)!.body.includes('Voice-Message: 2/0'));
          // Nothing is left of the dead node but the phone that only its own server could reach.
          expect(
            await scene.db.store.subscriptionsOf('one', (await scene.row('one'))!.run, '', 1000),
          ).toHaveLength(1);
          await until(() => two.process.stderr.includes('300 phones of node one'));
          expect(two.process.stderr).toMatch(/node one \(.+\) is dead/);
          expect(two.process.stderr).toContain(
            '1 phones of node one, which is gone, can only be reached by its own',
          );
        },
      );

      test.concurrent('a node that is back in time keeps its phones', async ({ onTestFinished }) => {
        const scene = await make();
        onTestFinished(() => scene.close());
        const [one, two] = [await scene.node('one'), await scene.node('two')];
        const bob = await scene.lampPhone('bob', one);
        await bob.subscribe();
        await bob.notified(1);
        one.process.kill('SIGSTOP');
        await realTime((LEASE * 1000 * 2) / 5, 'leases');
        one.process.kill('SIGCONT');
        await scene.beats('two', LEASE + 2);
        expect(bob.notifies).toHaveLength(1);
        expect(two.process.stderr).toBe('');
      });

      test.concurrent('two processes with one name are warned of, by both', async ({ onTestFinished }) => {
        const scene = await make();
        onTestFinished(() => scene.close());
        const [one, two] = [await scene.node('same'), await scene.node('same')];
        for (const [each, other] of [
          [one, two],
          [two, one],
        ] as const) {
          await until(() => each.process.stderr.includes('Set SILO_NODE differently'));
          expect(each.process.stderr).toContain(
            `Two running processes call themselves "same" in this database: this one (${hostname()} ${each.process.pid}) and ${hostname()} ${other.process.pid}.`,
          );
        }
      });

      test.concurrent('a restart after kill -9 is no second process', async ({ onTestFinished }) => {
        const scene = await make();
        onTestFinished(() => scene.close());
        await kill(await scene.node('one'));
        const again = await scene.node('one');
        await scene.beats('one', LEASE);
        expect(again.process.stderr).toBe('');
      });
    });
  },
);
