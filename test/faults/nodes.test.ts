/** Must be shown 1 and 2: two nodes of the app, each with a SIP front end of its own, serve the same boxes. */
import { describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { AppNode } from '../support/load/app-node.ts';
import { judge } from './judge.ts';
import { ownMariaDb, ownSqlite, type OwnStore } from './own-store.ts';
import { Ledger } from '../support/load/ledger.ts';
import { Load } from '../support/load/load.ts';
import { chance, type Chance } from '../support/load/random.ts';
import { realTime } from '../support/real-time.ts';

/** For a machine that has other work as well: nothing here is about speed. */
const LIMIT = 400_000;
const KILLS = 20;
const STOPS = 4;
const LEASE = 3;

interface Run {
  readonly nodes: readonly [AppNode, AppNode];
  readonly load: Load;
  readonly ledger: Ledger;
  readonly chance: Chance;
}

/** Two nodes on a store of their own, under load until `faults` has done its worst; then the judge. */
async function twoNodes(
  what: string,
  own: OwnStore,
  faults: (run: Run) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ledger> {
  const dice = chance();
  const ledger = new Ledger();
  const node = (name: string) =>
    AppNode.create({ store: own.url, name, env: { SILO_LEASE_TIME: String(LEASE), ...env } });
  const nodes = [await node('one'), await node('two')] as const;
  let load: Load | undefined;
  try {
    // One after the other: the first one builds the tables.
    for (const each of nodes) {
      await each.start();
      await each.ready();
    }
    load = await Load.start({ nodes, ledger, chance: dice });
    await faults({ nodes, load, ledger, chance: dice });
    await load.end();
    for (const each of nodes) await each.stop(ledger);
    await judge(what, ledger, own.url, dice);
  } finally {
    for (const each of nodes) await each.kill();
    load?.close();
    await own.drop();
  }
  return ledger;
}

/** One node is killed, then the other, and so on; phones go to the one that is there. */
async function killInTurn({ nodes, load, ledger, chance: dice }: Run): Promise<void> {
  for (let killed = 0; killed < KILLS; killed++) {
    const [node, other] = killed % 2 === 0 ? nodes : ([nodes[1], nodes[0]] as const);
    // Sometimes the other one is still starting: then there is none for a moment.
    if (dice.next() < 0.8) await other.ready();
    await load.goesOn(dice.between(10, 150));
    await node.kill(ledger);
    load.move(node, other);
    await node.start();
  }
  for (const node of nodes) await node.ready();
}

/** One node sleeps for longer than its leases, then the other. */
async function stopInTurn({ nodes, load, ledger, chance: dice }: Run): Promise<void> {
  for (let stopped = 0; stopped < STOPS; stopped++) {
    const [node, other] = stopped % 2 === 0 ? nodes : ([nodes[1], nodes[0]] as const);
    await load.goesOn(dice.between(10, 150));
    await node.freeze(ledger);
    load.moveDevices(node, other);
    await realTime(LEASE * 1000 + dice.between(1_500, 3_000), 'leases');
    node.thaw();
  }
}

// Side by side: each run waits most of its time.
describe.concurrent('two nodes serve the same boxes', () => {
  const mariadb = needing(mariadbMissing());

  test(
    'without a fault nothing is lost or doubled, and order is kept',
    { timeout: LIMIT, ...mariadb },
    async () => {
      // A machine without a moment to spare is no reason to refuse here, and none to take over a box.
      const patient = { SILO_MAX_LAG: '60000', SILO_LEASE_TIME: '60' };
      const { totals } = await twoNodes(
        'two nodes on MariaDB, no fault',
        await ownMariaDb(),
        ({ load }) => load.goesOn(2_500),
        patient,
      );
      expect(totals).toMatchObject({ doubled: 0, refused: 0, faults: 0 });
      expect(totals.acknowledged).toBeGreaterThan(10 * KILLS);
    },
  );

  test(
    'kill -9 of one and the other in turn loses nothing, and doubles one message per kill and device at most',
    { timeout: LIMIT, ...mariadb },
    async () => {
      const { totals } = await twoNodes(
        'two nodes on MariaDB, kill -9 in turn',
        await ownMariaDb(),
        killInTurn,
      );
      expect(totals.faults).toBe(KILLS);
      expect(totals.acknowledged).toBeGreaterThan(10 * KILLS);
    },
  );

  test('the same on one SQLite file', { timeout: LIMIT }, async () => {
    const { totals } = await twoNodes('two nodes on SQLite, kill -9 in turn', ownSqlite(), killInTurn);
    expect(totals.faults).toBe(KILLS);
    expect(totals.acknowledged).toBeGreaterThan(10 * KILLS);
  });

  test(
    'a node that sleeps through its leases changes nothing when it wakes up, and doubles one message per device at most',
    { timeout: LIMIT, ...mariadb },
    async () => {
      const { totals } = await twoNodes(
        'two nodes on MariaDB, SIGSTOP longer than the lease',
        await ownMariaDb(),
        stopInTurn,
      );
      expect(totals.faults).toBe(STOPS);
    },
  );
});
