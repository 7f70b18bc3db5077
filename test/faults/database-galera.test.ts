/** Three MariaDB nodes that all write: the same promises as on one, also when one of them dies. */
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { galeraMissing, startGalera, type GaleraCluster } from '../support/galera.ts';
import { startApp } from '../support/app.ts';
import type { TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { LONG, until } from '../support/until.ts';
import { bindingConformance } from '../stores/contract/bindings.ts';
import { aMessage, storeConformance } from '../stores/contract/messages.ts';
import { compare, startSenders } from './senders.ts';

describe('a Galera cluster of three', needing(galeraMissing()), () => {
  let cluster: GaleraCluster;
  beforeAll(async () => {
    cluster = await startGalera();
  });
  afterAll(() => cluster.stop());

  /** All nodes, beginning with the one of that number. */
  const urlFrom = (first: number, { name }: TestDatabase) => {
    const ports = cluster.nodes.map((_, i) => cluster.nodes[(first + i) % 3]!.port);
    return `mysql://root:pw@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${name}`;
  };
  const status = async (name: string) => {
    let sum = 0;
    for (const node of cluster.nodes) {
      const connection = await createConnection(node.url(''));
      const [[row]] = (await connection.query(`show global status like '${name}'`)) as unknown as [
        { Value: string }[],
      ];
      sum += Number(row?.Value);
      await connection.end();
    }
    return sum;
  };

  describe('each store on another node', () => {
    let opened = 0;
    const create = async () => {
      const database = await cluster.createDatabase();
      return {
        open: (now: () => number) => openStore(urlFrom(opened++, database), { now }),
        sql: async (statement: string) => {
          const connection = await createConnection(cluster.nodes[2]!.url(database.name));
          await connection.query(statement);
          await connection.end();
        },
        remove: () => database.drop(),
      };
    };
    storeConformance(create);
    bindingConformance(create);
  });

  test('three starters on an empty database, each on its own node, leave one schema', async () => {
    const database = await cluster.createDatabase();
    const stores = await Promise.all([0, 1, 2].map((node) => openStore(urlFrom(node, database))));
    const message = aMessage('bob@example.org');
    await stores[0]!.accept(message);
    expect(await stores[1]!.accept(message)).toEqual({ stored: false, id: 0 });
    expect(await stores[2]!.waiting(message.box, 1000, 10)).toHaveLength(1);
    expect(await stores[2]!.warnings()).toEqual([]);
    for (const store of stores) await store.close();
    await database.drop();
  });

  test('two nodes serve the same boxes: no lease is held by two, nothing settled twice, conflicts are done again', async () => {
    const database = await cluster.createDatabase();
    const stores = await Promise.all([0, 1].map((node) => openStore(urlFrom(node, database))));
    const conflicts = async () =>
      (await status('wsrep_local_cert_failures')) + (await status('wsrep_local_bf_aborts'));
    const before = await conflicts();
    const boxes = ['a', 'b', 'c'].map((name) => `${name}@example.org`);
    const holders = new Map<string, string>();
    const settled = new Map<string, number>();
    const keys = new Set<string>();
    const end = performance.now() + 5_000;
    let [claims, held, sending] = [0, 0, boxes.length];

    async function serve(store: Store, owner: string): Promise<void> {
      while (sending > 0 || settled.size < keys.size) {
        const box = boxes[Math.floor(Math.random() * boxes.length)]!;
        const claim = await store.claim(box, owner, 30);
        if (!('lease' in claim)) {
          held++;
          continue;
        }
        claims++;
        expect(holders.get(box)).toBeUndefined();
        holders.set(box, owner);
        for (const message of await store.waiting(box, 1000, 5))
          if (await store.settle(claim.lease, message, { outcome: 'delivered', status: 200, reason: 'OK' }))
            settled.set(message.key, (settled.get(message.key) ?? 0) + 1);
        holders.delete(box);
        await store.release(claim.lease);
      }
    }
    /** Each message goes to both nodes at once, as if its sender had repeated it to the other one. */
    async function send(box: string): Promise<void> {
      while (performance.now() < end || keys.size < 50) {
        const message = aMessage(box);
        const results = await Promise.all(stores.map((store) => store.accept(message)));
        expect(results.filter(({ stored }) => stored)).toHaveLength(1);
        keys.add(message.key);
      }
      sending--;
    }
    await Promise.all([
      ...boxes.map(send),
      ...stores.flatMap((store, node) => [1, 2].map((lane) => serve(store, `node${node}-${lane}`))),
    ]);
    if (process.env['FAULT_FIGURES'] !== undefined)
      console.log(
        `${keys.size} messages, ${claims} leases, ${held} refused, ${(await conflicts()) - before} conflicts between nodes`,
      );
    expect(new Set(settled.keys())).toEqual(keys);
    expect([...settled.values()].filter((times) => times !== 1)).toEqual([]);
    expect(await stores[0]!.ledger()).toMatchObject({ waiting: 0, delivered: keys.size });
    expect((await conflicts()) - before).toBeGreaterThan(0);
    for (const store of stores) await store.close();
    await database.drop();
  }, 120_000);

  test('a node is killed under load and comes back: nothing acknowledged is lost, on no node', async () => {
    const database = await cluster.createDatabase();
    const stores = await Promise.all([0, 1].map((node) => openStore(urlFrom(node, database))));
    const senders = stores.map((store, i) => startSenders(store, `sender${i}@example.org`));
    await Promise.all(senders.map((sender) => sender.more(100)));
    cluster.nodes[0]!.kill('SIGKILL');
    await cluster.nodes[0]!.down();
    await Promise.all(senders.map((sender) => sender.recovery()));
    await cluster.nodes[0]!.rejoin();
    await Promise.all(senders.map((sender) => sender.recovery()));
    const reports = await Promise.all(senders.map((sender) => sender.stop()));
    for (const node of [0, 1, 2]) {
      const store = await openStore(urlFrom(node, database));
      for (const [i, report] of reports.entries()) {
        expect(await compare(store, `sender${i}@example.org`, report)).toEqual({
          lost: [],
          unasked: [],
          doubled: 0,
        });
        expect(report.surprises).toEqual([]);
        expect(report.outage).toBeLessThan(20_000);
        expect(report.slowest).toBeLessThan(16_000);
      }
      await store.close();
    }
    if (process.env['FAULT_FIGURES'] !== undefined)
      for (const [i, { acknowledged, refusals, outage, slowest }] of reports.entries())
        console.log(
          `Galera, kill -9 of ${i === 0 ? 'the node in use' : 'another node'}: ${acknowledged.size} acknowledged, ${refusals} refusals; longest outage ${Math.round(outage)} ms, slowest answer ${Math.round(slowest)} ms`,
        );
    for (const store of stores) await store.close();
    await database.drop();
  }, 120_000);

  test('two applications on two nodes, one node killed: all that they acknowledged arrives once, in order', async () => {
    const database = await cluster.createDatabase();
    const apps = [];
    for (const node of [0, 1])
      apps.push(await startApp({ SILO_STORE: urlFrom(node, database), SILO_NODE: `app${node}` }));
    const phones = await Promise.all(apps.map((app, i) => Phone.start(`alice${i}`, { server: app.server })));
    const acknowledged = phones.map((): string[] => []);
    let over = false;
    const sent = phones.map(async (phone, i) => {
      for (let n = 0; !over; n++) {
        const { status } = await phone.message('bob', `${i}:${n}`);
        if (status === 202) acknowledged[i]!.push(`${i}:${n}`);
        else expect(status).toBe(503);
      }
    });
    const more = (count: number) =>
      Promise.all(
        acknowledged.map(async (texts) => {
          const before = texts.length;
          await until(() => texts.length >= before + count, 2 * LONG);
        }),
      );
    await more(20);
    cluster.nodes[0]!.kill('SIGKILL');
    await cluster.nodes[0]!.down();
    await more(20);
    over = true;
    await Promise.all(sent);
    await cluster.nodes[0]!.rejoin();

    const bob = await Phone.start('bob', { server: apps[0]!.server });
    await bob.register({ expires: 600 });
    await bob.received(acknowledged.flat().length, 60_000);
    await nothingMore(bob);
    for (const [i, texts] of acknowledged.entries()) {
      expect(bob.texts.filter((text) => texts.includes(text) && text.startsWith(`${i}:`))).toEqual(texts);
    }
    expect(new Set(bob.texts).size).toBe(bob.texts.length);
    for (const phone of [...phones, bob]) phone.close();
    for (const app of apps) expect(await app.process.stop()).toMatchObject({ code: 0 });
    await database.drop();
  }, 120_000);
});
