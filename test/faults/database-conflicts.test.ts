/** Deadlocks (1213) and lock waits (1205), provoked for real by another program on the same rows. */
import { createConnection, type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Message } from '../../lib/stores/contract/message.ts';
import type { Lease } from '../../lib/stores/contract/leases.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { aMessage } from '../stores/contract/messages.ts';
import { until } from '../support/until.ts';
import { startHarmed, type HarmedDatabase } from './database.ts';

const delivered = { outcome: 'delivered', status: 200, reason: 'OK' } as const;

describe('locks of another program', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  let other: Connection;
  let serial = 0;
  let lease: Lease;
  let message: Message;
  beforeAll(async () => {
    db = await startHarmed();
    other = await createConnection(db.url);
    await other.query('create table ballast (n int) engine = InnoDB');
  });
  afterAll(async () => {
    await other.end();
    await db.close();
  });
  beforeEach(async () => {
    const box = `locked${++serial}@example.org`;
    await db.store.accept(aMessage(box));
    [message] = (await db.store.waiting(box, 1000, 1)) as [Message];
    const claim = await db.store.claim(box, 'node', 30);
    if (!('lease' in claim)) throw new Error('the box is held');
    ({ lease } = claim);
    await other.query('begin');
  });
  const count = async (name: string) =>
    Number(
      (await db.sql(`select count from information_schema.innodb_metrics where name = '${name}'`))[0]![
        'count'
      ],
    );

  /**
   * The store waits for a lock of the other program. Not by innodb_lock_waits: whoever asks for that more often than every
   * 100 ms is shown what it held the first time.
   */
  const blocked = () =>
    until(async () => {
      const [row] = await db.sql(`show global status like 'Innodb_row_lock_current_waits'`);
      expect(Number(row?.['Value'])).toBeGreaterThan(0);
    });

  test('the victim of a deadlock is done again and succeeds', async () => {
    const before = await count('lock_deadlocks');
    // The one that has changed less becomes the victim: that must be us.
    await other.query('insert into ballast select seq from seq_1_to_2000');
    await other.query(`update silo set status = 1 where id = ${message.id}`);
    const settling = db.store.settle(lease, message, delivered);
    await blocked();
    await other.query(`update silo_lease set ends = ends + 1 where box = '${lease.box}'`);
    await other.query('commit');
    expect(await settling).toBe(true);
    expect((await count('lock_deadlocks')) - before).toBe(1);
  });

  test('a lock that is held for longer than a lock wait is waited for again', async () => {
    const before = await count('lock_timeouts');
    await other.query(`select 1 from silo where id = ${message.id} for update`);
    const settling = db.store.settle(lease, message, delivered);
    await until(async () => expect((await count('lock_timeouts')) - before).toBe(1));
    await other.query('commit');
    expect(await settling).toBe(true);
    expect((await count('lock_timeouts')) - before).toBe(1);
  });

  test('a lock that stays is given up within seconds, with 503, and nothing has changed', async () => {
    await other.query(`select 1 from silo where id = ${message.id} for update`);
    const asked = performance.now();
    await expect(db.store.settle(lease, message, delivered)).rejects.toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      status: 503,
    });
    expect(performance.now() - asked).toBeLessThan(16_000);
    await other.query('commit');
    expect(await db.store.settle(lease, message, delivered)).toBe(true);
  });

  test('a key that another node is just storing is waited for, and is then a repeat', async () => {
    const next = aMessage(lease.box);
    await other.query(
      `insert into silo_ledger (dedup, box, inc_time) values ('${next.key}', '${next.box}', 1000)`,
    );
    const accepting = db.store.accept(next);
    await blocked();
    await other.query('commit');
    expect(await accepting).toEqual({ stored: false, id: 0 });
  });

  test('a table that an operator locks is given up within seconds, and leaves no query behind', async () => {
    await other.query('lock tables silo write');
    const asked = performance.now();
    await expect(db.store.accept(aMessage(lease.box))).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - asked).toBeLessThan(16_000);
    const left = () =>
      db.sql(`select id from information_schema.processlist where state like 'Waiting for table%'`);
    await until(async () => expect(await left()).toEqual([]));
    await other.query('unlock tables');
    expect(await db.store.accept(aMessage(lease.box))).toMatchObject({ stored: true });
  });
});
