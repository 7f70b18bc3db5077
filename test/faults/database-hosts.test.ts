/**
 * Several hosts in SILO_STORE. Two servers that know nothing of each other stand for a primary and its replica: so it
 * is plain to see which of them a message went to.
 */
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onLog } from '../../lib/base/log.ts';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { freePort } from '../support/free-port.ts';
import { needing } from '../support/needing.ts';
import { aMessage } from '../stores/contract/messages.ts';
import { LONG, until } from '../support/until.ts';
import { startSenders } from './senders.ts';

interface Server {
  readonly mariadb: TestMariaDb;
  /** Opened on this server alone. */
  readonly own: Store;
}

describe('several database hosts', needing(mariadbMissing()), () => {
  let first: Server;
  let second: Server;
  let store: Store;
  let serial = 0;
  /** The outage when the first one hung, ms. */
  let hung = 0;
  const said: string[] = [];
  const unhear = onLog((level, room, message) => {
    if (level === 'warn' && room === 'store:mysql') said.push(message);
  });

  beforeAll(async () => {
    [first, second] = await Promise.all([
      server([]),
      server(['--innodb-flush-log-at-trx-commit=2', '--log-bin', '--sync-binlog=0', '--server-id=2']),
    ]);
    said.length = 0;
    store = await openStore(url(first.mariadb.port, second.mariadb.port));
  });
  afterAll(async () => {
    unhear();
    for (const opened of [store, first.own, second.own]) await opened.close();
    await Promise.all([first.mariadb.stop(), second.mariadb.stop()]);
  });

  async function server(args: readonly string[]): Promise<Server> {
    const mariadb = await startMariaDb({ args });
    const connection = await createConnection(mariadb.url(''));
    await connection.query(`create user silo@'127.0.0.1' identified by 'plain'`);
    await connection.query('create database silo');
    await connection.query(`grant all privileges on silo.* to silo@'127.0.0.1'`);
    await connection.end();
    return { mariadb, own: await openStore(url(mariadb.port)) };
  }
  const url = (...ports: readonly number[]) =>
    `mysql://silo:plain@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/silo`;
  const administer = async ({ mariadb }: Server, statement: string) => {
    const connection = await createConnection(mariadb.url('silo'));
    await connection.query(statement);
    await connection.end();
  };
  /** Which server the next message goes to. */
  async function where(): Promise<'first' | 'second' | 'both' | 'none'> {
    const message = aMessage(`where${++serial}@example.org`);
    await store.accept(message);
    const [one, two] = await Promise.all(
      [first, second].map(({ own }) => own.waiting(message.box, 1000, 10).catch(() => [])),
    );
    if (one!.length > 0) return two!.length > 0 ? 'both' : 'first';
    return two!.length > 0 ? 'second' : 'none';
  }
  /** Every acknowledged message lies on one of the two. */
  async function moved(name: string, fault: () => void | Promise<void>): Promise<number> {
    const box = `moved${++serial}@example.org`;
    const senders = startSenders(store, box);
    await senders.more(100);
    await fault();
    await senders.recovery();
    const { acknowledged, outage, slowest, surprises, refusals } = await senders.stop();
    if (process.env['FAULT_FIGURES'] !== undefined)
      console.log(
        `${name}: ${acknowledged.size} acknowledged, ${refusals} refusals; longest outage ${Math.round(outage)} ms, slowest answer ${Math.round(slowest)} ms`,
      );
    // One that hangs can't be asked.
    first.mariadb.kill('SIGCONT');
    const stored = new Set<string>();
    for (const { own } of [first, second])
      for (const { key } of await own.waiting(box, 1000, 100_000).catch(() => [])) stored.add(key);
    expect([...acknowledged].filter((key) => !stored.has(key))).toEqual([]);
    expect(surprises).toEqual([]);
    expect(refusals).toBe(0);
    return outage;
  }

  test('the first is used when both are fit', async () => {
    expect(await where()).toBe('first');
    expect(said).toEqual([]);
    expect(await store.warnings()).toEqual([]);
  });

  test('the first hangs: the second is used within seconds, nobody is refused', async () => {
    const outage = await moved('first of two hosts frozen', () => first.mariadb.kill('SIGSTOP'));
    expect(outage).toBeLessThan(10_000);
    hung = outage;
    expect(await where()).toBe('second');
  });

  test('what the log says of it: who failed, how long it took, what is wrong with the new one', async () => {
    await until(() => said.length === 4);
    expect(said[0]).toMatch(/^the database host 127\.0\.0\.1:\d+: no answer within 1500 ms/);
    expect(said[1]).toMatch(/is in use, after \d+ ms without one$/);
    expect(said[2]).toContain('innodb_flush_log_at_trx_commit = 2, wanted is 1');
    expect(said[3]).toContain('sync_binlog = 0, wanted is 1');
    expect(await store.warnings()).toEqual(said.slice(2));
    expect(said.join()).not.toContain('plain');
  });

  test('the first is back: the second stays in use', async () => {
    expect(await where()).toBe('second');
  });

  test('the second is made read-only: the first takes over, and nothing stays on the second', async () => {
    const outage = await moved('second made read-only', () => administer(second, 'set global read_only = 1'));
    // It says so itself, and need not be waited for.
    expect(outage).toBeLessThan(hung);
    expect(await where()).toBe('first');
  });

  test('the only one that is left crashes: refused; a read-only one is not used even for reading', async () => {
    first.mariadb.kill('SIGKILL');
    await first.mariadb.down();
    await expect(store.accept(aMessage('bob@example.org'))).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(
        /ECONNREFUSED.*; .*the server is read-only|read-only; .*ECONNREFUSED/,
      ) as string,
    });
    await expect(store.bindings('bob@example.org', 0)).rejects.toMatchObject({ status: 503 });
    await administer(second, 'set global read_only = 0');
    await expect.poll(() => where().catch(() => 'none'), { timeout: LONG }).toBe('second');
    await first.mariadb.start();
  });

  test('a start takes the first that is fit, whatever is wrong with those before it', async () => {
    await administer(first, 'set global read_only = 1');
    const dead = await freePort();
    const opened = await openStore(
      `mysql://silo:plain@127.0.0.1:${dead},[::1]:${dead},127.0.0.1:${first.mariadb.port},127.0.0.1:${second.mariadb.port}/silo`,
    );
    const message = aMessage('late@example.org');
    await opened.accept(message);
    expect(await second.own.waiting(message.box, 1000, 1)).toHaveLength(1);
    await opened.close();
    await administer(first, 'set global read_only = 0');
  });

  test('a start without any fit host says what is wrong with each', async () => {
    await administer(first, 'set global read_only = 1');
    const dead = await freePort();
    await expect(openStore(url(dead, first.mariadb.port))).rejects.toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      message: expect.stringMatching(
        `${dead}: connect ECONNREFUSED.*; 127.0.0.1:${first.mariadb.port}: the server is read-only`,
      ) as string,
    });
    await administer(first, 'set global read_only = 0');
  });

  test('a store that is closed leaves no connection and refuses what comes later', async () => {
    const opened = await openStore(url(first.mariadb.port));
    const messages = Array.from({ length: 20 }, () => aMessage('closing@example.org'));
    const accepting = Promise.all(messages.map((message) => opened.accept(message)));
    await new Promise((resolve) => setImmediate(resolve));
    await opened.close();
    await accepting;
    await expect(opened.accept(aMessage('closing@example.org'))).rejects.toMatchObject({ status: 503 });
    const seen = () => first.own.waiting('closing@example.org', 1000, 100).catch(() => []);
    await expect.poll(seen, { timeout: LONG }).toHaveLength(20);
  });
});
