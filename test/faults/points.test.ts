/** `kill -9` at the four points that matter, each of them hit for certain: a proxy in front of the database holds the COMMIT. */
import { describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { LoadPhone } from '../support/load-phone.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { AppNode } from '../support/load/app-node.ts';
import { judge } from './judge.ts';
import { Ledger } from '../support/load/ledger.ts';
import { LONG, until } from '../support/until.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { chance } from '../support/load/random.ts';

const ROUNDS = 10;
const LIMIT = 180_000;

interface Scene {
  readonly app: AppNode;
  readonly proxy: Proxy;
  readonly ledger: Ledger;
  /** Leaves a message for this box; resolves when the sender has its answer, repeated until there is one. */
  readonly leave: (box: string) => Promise<void>;
  /** A device for this box. */
  readonly device: (box: string) => Promise<LoadPhone>;
  /** Kills the app once the COMMIT is held, and starts it again. */
  readonly killAtCommit: (harmed: number) => Promise<void>;
  readonly killAndStart: () => Promise<void>;
  /** Resolves when nothing waits any more. */
  readonly settled: () => Promise<void>;
}

const boxOf = (round: number) => `user${round}@example.org`;

async function scene(what: string, play: (scene: Scene) => Promise<void>): Promise<Ledger> {
  const mariadb = await sharedMariaDb();
  const { port } = mariadb;
  const database = await mariadb.createDatabase();
  const proxy = await startProxy(port);
  const store = database.url.replace(`:${port}/`, `:${proxy.port}/`);
  const app = await AppNode.create({ store, name: 'app', env: { SILO_LEASE_TIME: '3' } });
  const ledger = new Ledger();
  const books = await openStore(database.url);
  const settled = () => until(async () => expect((await books.ledger()).waiting).toBe(0), 2 * LONG);
  const phones: LoadPhone[] = [];
  const phone = async (aor: string) => {
    const made = await LoadPhone.start(aor, app.server, 100);
    phones.push(made);
    return made;
  };
  const killAndStart = async () => {
    await app.kill(ledger);
    await app.start();
    await app.ready();
  };
  try {
    await app.start();
    await app.ready();
    const alice = await phone('alice@example.org');
    // The SIP front end answers 503 before the app behind it is there.
    alice.tenacious = true;
    await play({
      app,
      proxy,
      ledger,
      killAndStart,
      leave: async (box) => {
        const { id, body } = ledger.send('text');
        ledger.answer(id, await alice.message(box, body));
      },
      device: async (box) => {
        const device = await phone(box);
        device.onMessage = ({ callId, body, port: from }) =>
          ledger.arrive(box, callId, body, from === app.server.port ? 'app' : '');
        return device;
      },
      settled,
      killAtCommit: async (harmed) => {
        await until(() => proxy.harmed > harmed, 2 * LONG);
        await killAndStart();
      },
    });
    await settled();
    // What would be sent once too often is sent when its device comes back.
    for (let round = 0; round < 3; round++)
      for (const device of phones.filter(({ aor }) => aor !== alice.aor))
        expect(await device.register(600)).toBe(200);
    await app.stop(ledger);
    await judge(`kill -9 ${what}`, ledger, database.url, chance());
  } finally {
    await books.close();
    await app.kill();
    proxy.close();
    for (const made of phones) made.close();
    await database.drop();
  }
  expect(ledger.totals).toMatchObject({ acknowledged: ROUNDS, faults: ROUNDS });
  return ledger;
}

// Side by side: each waits most of its time.
describe.concurrent('kill -9 at a certain point', needing(mariadbMissing()), () => {
  for (const [what, harm] of [
    ['before the COMMIT of an accepted message', 'held'],
    ['after the COMMIT, before the 202', 'silent'],
  ] as const)
    test(
      `${what}: the sender has no answer, repeats, and the message arrives once`,
      { timeout: LIMIT },
      async () => {
        const { totals } = await scene(what, async ({ proxy, leave, device, killAtCommit }) => {
          for (let round = 0; round < ROUNDS; round++) {
            const { harmed } = proxy;
            proxy.harm(harm, 1, 'insert into silo (');
            await Promise.all([leave(boxOf(round)), killAtCommit(harmed)]);
          }
          for (let round = 0; round < ROUNDS; round++)
            expect(await (await device(boxOf(round))).register(600)).toBe(200);
        });
        expect(totals.doubled).toBe(0);
      },
    );

  test(
    'after a message was sent, before the answer: it comes once more, with the same Call-ID',
    { timeout: LIMIT },
    async () => {
      const { totals } = await scene('after sending', async ({ leave, device, killAndStart }) => {
        for (let round = 0; round < ROUNDS; round++) {
          await leave(boxOf(round));
          const bob = await device(boxOf(round));
          const killed = new Promise<void>((resolve, reject) => {
            bob.react = () => {
              bob.react = () => 200;
              killAndStart().then(resolve, reject);
              return 200;
            };
          });
          expect(await bob.register(600)).toBe(200);
          await killed;
        }
      });
      expect(totals.doubled).toBe(ROUNDS);
    },
  );

  test(
    'after the answer, before the message is settled: it comes once more, with the same Call-ID',
    { timeout: LIMIT },
    async () => {
      const { totals } = await scene(
        'before settling',
        async ({ proxy, leave, device, settled, killAtCommit }) => {
          for (let round = 0; round < ROUNDS; round++) {
            await leave(boxOf(round));
            const bob = await device(boxOf(round));
            const { harmed } = proxy;
            proxy.harm('held', 1, 'straight_join silo t ');
            expect(await bob.register(600)).toBe(200);
            await killAtCommit(harmed);
            // Or the next kill would hit this message once more.
            await settled();
          }
        },
      );
      expect(totals.doubled).toBe(ROUNDS);
    },
  );
});
