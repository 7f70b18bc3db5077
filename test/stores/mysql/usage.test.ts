/** What waits in a domain with a limit is known without counting it, on all nodes together, whoever adds and deletes. */
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { AcceptRules } from '../../../lib/stores/contract/accept.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { until } from '../../support/until.ts';
import { aMessage } from '../contract/messages.ts';

const rules = (messages: number): AcceptRules => ({
  box: { messages: 0, bytes: 0 },
  domain: { messages, bytes: 0 },
  overflow: 'reject',
  receipts: 0,
  replaces: [],
});

describe('the usage of a domain', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let connection: Connection;
  let nodes: [Store, Store];
  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    connection = await mysql.createConnection(database.url);
    const open = () => openStore(database.url, { now: () => 1000 });
    nodes = [await open(), await open()];
  });
  afterEach(async () => {
    for (const node of nodes) await node.close();
    await connection.end();
    await database.drop();
  });
  const first = async (statement: string): Promise<Record<string, unknown>> =>
    (await connection.query<RowDataPacket[]>(statement))[0][0] ?? {};
  const known = () =>
    first(`select messages + (select coalesce(sum(messages), 0) from silo_usage_change) as messages,
      bytes + (select coalesce(sum(bytes), 0) from silo_usage_change) as bytes from silo_usage`);
  const counted = () => first('select count(*) as messages, coalesce(sum(size), 0) as bytes from silo');
  const numbers = (row: Record<string, unknown>) => [Number(row['messages']), Number(row['bytes'])];
  const later = (seconds: number) =>
    connection.query('update silo_usage set counted = counted - ?', [seconds]);
  const accept = (on: Store, limit: number, user: string) =>
    on.accept(aMessage(`${user}@a.org`), rules(limit));

  test('two nodes that accept, deliver and sum up at once know at each moment what waits, and keep the limit', async () => {
    const results = await Promise.all(
      Array.from({ length: 1200 }, async (_, n) => {
        const on = nodes[n % 2]!;
        const message = aMessage(`user${n % 40}@a.org`);
        const { stored } = await on.accept(message, rules(600));
        if (stored && n % 3 === 0)
          await on.settleByKey(message.key, { outcome: 'delivered', status: 200, reason: '' });
        if (n % 100 === 0) await on.forgetTurns(0, 10);
        return stored;
      }),
    );
    expect(numbers(await known())).toEqual(numbers(await counted()));
    expect(Number((await counted())['messages'])).toBeLessThanOrEqual(600);
    expect(results.filter((stored) => stored).length).toBeGreaterThanOrEqual(600);
    await nodes[0].forgetTurns(0, 10);
    expect(numbers(await known())).toEqual(numbers(await counted()));
  });

  test('what another program inserts counts within seconds of traffic, and what it deletes makes room', async () => {
    for (const user of ['a', 'b', 'c']) await accept(nodes[0], 10, user);
    await connection.query(
      "insert into silo (username, domain, exp_time) select concat('u', seq), 'a.org', 5000 from seq_1_to_7",
    );
    await later(10);
    await accept(nodes[1], 11, 'd');
    await until(async () => expect(numbers(await known())).toEqual(numbers(await counted())));
    expect((await accept(nodes[0], 11, 'e')).full).toContain('11 messages');
    await connection.query("delete from silo where username like 'u%'");
    await later(10);
    expect((await accept(nodes[0], 11, 'f')).full).toBeDefined();
    await until(async () => expect((await accept(nodes[0], 11, 'f')).stored).toBe(true));
    expect(numbers(await known())).toEqual(numbers(await counted()));
  });

  test('after a pause nobody is refused for what was deleted meanwhile', async () => {
    for (const user of ['a', 'b', 'c']) await accept(nodes[0], 3, user);
    expect((await accept(nodes[1], 3, 'd')).full).toBeDefined();
    await connection.query('delete from silo');
    await later(30);
    expect((await accept(nodes[1], 3, 'd')).stored).toBe(true);
  });

  test('an hour after the last message nothing of it is left, and the next one counts anew', async () => {
    for (const user of ['a', 'b', 'c']) await accept(nodes[0], 3, user);
    while ((await nodes[1].forgetTurns(1001, 100)) > 0);
    const left = await first(
      `select (select count(*) from silo_usage) + (select count(*) from silo_usage_change)
         + (select count(*) from silo_turn) as n`,
    );
    expect(Number(left['n'])).toBe(0);
    expect((await accept(nodes[1], 3, 'd')).full).toContain('3 messages');
  });
});
