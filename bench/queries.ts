/** How many statements one event asks of the database, counted by the database itself. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { LampPhone } from '../test/support/lamp-phone.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
import { startNode, type TestNode } from '../test/support/node.ts';
import { until } from '../test/support/until.ts';

/** Statements for one event, on average. */
export interface Cost {
  readonly event: string;
  readonly reads: number;
  readonly writes: number;
  /** Of several statements; a write outside of one commits by itself. */
  readonly transactions: number;
}

const TIMES = 200;
const TEXT = 'x'.repeat(200);

/** @param url an empty database that nobody else uses, on a server of our own */
export async function queryCosts(url: string): Promise<readonly Cost[]> {
  // The clocks' own looks at the tables are measured apart.
  const quiet = { tailTime: 3600, leaseTime: 3600 };
  const node = await startNode({ storeUrl: url, silo: { ...quiet, checkTime: 3600 }, mwi: quiet });
  const server = await createConnection(url);
  const closing: { close(): void }[] = [];
  try {
    const costs = await measureOn(node, server, closing);
    return [...costs, await idleCost(url, server)];
  } finally {
    for (const phone of closing) phone.close();
    await node.close();
    await server.end();
  }
}

async function measureOn(node: TestNode, server: Connection, closing: { close(): void }[]): Promise<Cost[]> {
  const { server: address } = node;
  const costs: Cost[] = [];
  const cost = async (event: string, times: number, work: () => Promise<unknown>) => {
    const before = await counters(server);
    await work();
    costs.push(costOf(event, before, await counters(server), times));
  };
  const phone = async (name: string) => {
    const made = await LoadPhone.start(`${name}@example.org`, address);
    closing.push(made);
    return made;
  };
  const crowd = (count: number, name: string) =>
    Promise.all(Array.from({ length: count }, (_, index) => phone(`${name}${index}`)));
  const oneByOne = async (work: (index: number) => Promise<unknown>) => {
    for (let index = 0; index < TIMES; index++) await work(index);
  };
  const alice = await phone('alice');

  await cost('REGISTER of a new device', TIMES, () =>
    oneByOne(async (index) => (await phone(`device${index}`)).register(600)),
  );
  const bob = await phone('bob');
  await bob.register(600);
  await cost('REGISTER that refreshes, no mail', TIMES, () => oneByOne(() => bob.register(600)));
  await cost('MESSAGE, live to one device', TIMES, () => oneByOne(() => alice.message(bob.aor, TEXT)));
  await cost('MESSAGE, stored, one at a time', TIMES, () =>
    oneByOne((index) => alice.message(`away${index}@example.org`, TEXT)),
  );
  const senders = await crowd(100, 'sender');
  await cost('MESSAGE, stored, 100 senders at once', 1000, () =>
    Promise.all(
      senders.map(async (sender, index) => {
        for (let each = 0; each < 10; each++) await sender.message(`full${index}@example.org`, TEXT);
      }),
    ),
  );
  const takers = await crowd(TIMES, 'away');
  await cost('REGISTER with one message, and its delivery', TIMES, () => received(node, takers, TIMES));
  const full = await crowd(100, 'full');
  await cost('delivery, boxes of 10, 100 devices at once', 1000, () => received(node, full, 1000));

  const lamp = await LampPhone.start('lamp', { server: address });
  closing.push(lamp);
  await cost('SUBSCRIBE of a new device, and its NOTIFY', TIMES, async () => {
    await oneByOne((index) =>
      lamp.subscribe({ Contact: `${lamp.phone.contact};+sip.instance="<urn:uuid:${index}>"` }),
    );
    await lamp.notified(TIMES);
  });
  await cost('PUBLISH, nobody watches', TIMES, () =>
    oneByOne((index) => lamp.publish(`mailbox${index}@example.org`, 'Messages-Waiting: yes\r\n')),
  );
  return costs;
}

/** All register; resolves when so many messages have come, and been settled. */
async function received({ silo }: TestNode, phones: readonly LoadPhone[], count: number): Promise<void> {
  let left = count;
  await new Promise<void>((resolve, reject) => {
    for (const phone of phones) {
      phone.onMessage = () => {
        if (--left === 0) resolve();
      };
      phone.register(600).catch(reject);
    }
  });
  await until(() => silo.statistics().lanes === 0);
}

/** A node with nothing to do, per second, with default options. */
async function idleCost(url: string, server: Connection): Promise<Cost> {
  const node = await startNode({ storeUrl: url });
  try {
    const seconds = 30;
    await pause(1000);
    const before = await counters(server);
    await pause(seconds * 1000);
    return costOf('a second of a node without anything to do', before, await counters(server), seconds);
  } finally {
    await node.close();
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const READS = ['Com_select'];
const WRITES = ['Com_insert', 'Com_insert_select', 'Com_update', 'Com_delete'];

async function counters(server: Connection): Promise<ReadonlyMap<string, number>> {
  const [rows] = await server.query<RowDataPacket[]>("show global status like 'Com\\_%'");
  return new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
}

function costOf(
  event: string,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  times: number,
): Cost {
  const grown = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + (after.get(name) ?? 0) - (before.get(name) ?? 0), 0) / times;
  return { event, reads: grown(READS), writes: grown(WRITES), transactions: grown(['Com_commit']) };
}
