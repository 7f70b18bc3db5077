/** A Kamailio that shares the table: rows that it (or an operator) inserts are delivered by us. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import type { TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import type { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { nothingMore } from '../support/sentinel.ts';
import { numbered, phonesOf, sendAll } from './journey.ts';

/** The columns in the order in which msilo (5.5 and later) names them. */
const INSERT =
  'insert into silo (src_addr,dst_addr,username,domain,inc_time,exp_time,body,ctype,extra_hdrs,callid,status,snd_time) ' +
  'values (?,?,?,?,?,?,?,?,?,?,?,?)';

type Value = string | number | Buffer;

/** What msilo writes for a message; `change` replaces columns. */
function row(
  to: Phone,
  text: string,
  change: { readonly domain?: string; readonly sendAt?: number } = {},
): Value[] {
  const now = Math.floor(Date.now() / 1000);
  return [
    'sip:kamailio@example.org',
    `sip:${to.aor}`,
    to.name,
    change.domain ?? to.domain,
    now,
    now + 259_200,
    Buffer.from(text),
    'text/plain;charset=UTF-8',
    'Subject: by hand\r\nX-From-Kamailio: yes\r\n',
    `${encodeURIComponent(text)}@kamailio`,
    0,
    change.sendAt ?? 0,
  ];
}

interface Table {
  readonly url: string;
  insert(values: Value[]): Promise<void>;
  close(): Promise<void>;
}

function sqliteTable(): Promise<Table> {
  const folder = temporaryFolder('silo-kamailio');
  const path = join(folder.path, 'silo.db');
  return Promise.resolve({
    url: `sqlite:${path}`,
    insert: (values) => {
      const database = new DatabaseSync(path);
      database.exec('pragma busy_timeout = 5000');
      database.prepare(INSERT).run(...values);
      database.close();
      return Promise.resolve();
    },
    close: () => {
      folder.remove();
      return Promise.resolve();
    },
  });
}

/** Kamailio's own table, version 8, is there before we come. */
const KAMAILIO_TABLE = `create table silo (
  id int(10) unsigned auto_increment primary key not null, src_addr varchar(255) default '' not null,
  dst_addr varchar(255) default '' not null, username varchar(64) default '' not null,
  domain varchar(64) default '' not null, inc_time int default 0 not null, exp_time int default 0 not null,
  snd_time int default 0 not null, ctype varchar(32) default 'text/plain' not null, body blob,
  extra_hdrs text, callid varchar(128) default '' not null, status int default 0 not null)`;

async function mariadbTable(): Promise<Table> {
  const database: TestDatabase = await (await sharedMariaDb()).createDatabase();
  const connection = await createConnection(database.url);
  await connection.query(KAMAILIO_TABLE);
  await connection.query('create index account_idx on silo (username, domain)');
  return {
    url: database.url,
    insert: async (values) => {
      await connection.query(INSERT, values);
    },
    close: async () => {
      await connection.end();
      await database.drop();
    },
  };
}

describe.each([
  ['SQLite', sqliteTable, undefined],
  ['MariaDB', mariadbTable, mariadbMissing()],
] as const)('a row as Kamailio writes it, in %s', (_, open, missing) => {
  describe('is delivered', needing(missing), () => {
    let app: RunningApp;
    let table: Table;
    const world = phonesOf(() => app);
    beforeAll(async () => {
      table = await open();
    });
    beforeEach(async () => {
      app = await startApp({ SILO_STORE: table.url });
    });
    afterEach(async () => {
      expect(await app.process.stop()).toEqual({ code: 0, signal: null });
      world.close();
    });
    afterAll(() => table.close());

    test('within two seconds to somebody who is registered already', async () => {
      const bob = await world.phone('bob');
      await bob.register();
      await table.insert(row(bob, 'grüße 🙂'));
      await bob.received(1);
      const [message] = bob.messages;
      expect(message?.body.toString()).toBe('grüße 🙂');
      expect(message?.header('From')).toMatch(/^<sip:kamailio@example\.org>;tag=/);
      expect(message?.header('To')).toBe(`<sip:${bob.aor}>`);
      expect(message?.header('Content-Type')).toBe('text/plain;charset=UTF-8');
      expect(message?.header('Subject')).toBe('by hand');
      expect(message?.header('X-From-Kamailio')).toBe('yes');
      await bob.register();
      await nothingMore(bob);
      expect(bob.messages).toHaveLength(1);
    });

    test('to somebody who registers later, in order with our own messages', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob');
      for (const text of numbered(3, 'kamailio')) await table.insert(row(bob, text));
      await sendAll(alice, bob, ['ours']);
      await table.insert(row(bob, 'kamailio 4'));
      // A row is known from the next look at the table on, which is over when a later row has been sent.
      const carol = await world.phone('carol');
      await carol.register();
      await table.insert(row(carol, 'later'));
      await carol.received(1);
      await bob.register();
      await bob.received(5);
      expect(bob.texts).toEqual([...numbered(3, 'kamailio'), 'ours', 'kamailio 4']);
    });

    test('to somebody who registers at the same moment, before the table was looked at', async () => {
      const bob = await world.phone('bob');
      await table.insert(row(bob, 'hello'));
      await bob.register();
      await bob.received(1);
      expect(bob.texts).toEqual(['hello']);
    });

    test('though its domain is in upper case', async () => {
      const bob = await world.phone('bob');
      await bob.register();
      await table.insert(row(bob, 'hello', { domain: 'EXAMPLE.org' }));
      await bob.received(1);
      expect(bob.texts).toEqual(['hello']);
    });

    test('beside messages of ours, whose headers may hold any script', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob');
      const headers = { Subject: '你好 🙂', From: `"Ålïce 愛" <sip:${alice.aor}>;tag=1` };
      expect((await alice.message(bob.name, '🙂', { headers })).status).toBe(202);
      await bob.register();
      await bob.received(1);
      expect(bob.messages[0]?.header('Subject')).toBe('你好 🙂');
      expect(bob.messages[0]?.header('From')).toContain('"Ålïce 愛" <sip:');
    });

    test('not before its snd_time (a reminder)', async () => {
      const bob = await world.phone('bob');
      await bob.register();
      const sendAt = Math.floor(Date.now() / 1000) + 2;
      await table.insert(row(bob, 'wake up', { sendAt }));
      await bob.received(1);
      expect(Date.now() / 1000).toBeGreaterThanOrEqual(sendAt);
    });

    test('when it was inserted while we were away', async () => {
      const bob = await world.phone('bob');
      await bob.register();
      await app.process.stop();
      await table.insert(row(bob, 'while you slept'));
      app = await startApp({ SILO_STORE: table.url }, app.server.port);
      await bob.received(1);
      expect(bob.texts).toEqual(['while you slept']);
    });
  });
});
