import mysql from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { everyStore } from '../contract/every-store.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import type { StoreUnderTest } from '../contract/messages.ts';

describe('the MySQL store', needing(mariadbMissing()), () => {
  const create = async (): Promise<StoreUnderTest> => {
    const database = await (await sharedMariaDb()).createDatabase();
    return {
      open: (now, options) => openStore(database.url, { now, ...options }),
      sql: async (statement) => {
        const connection = await mysql.createConnection(database.url);
        await connection.query(statement);
        await connection.end();
      },
      remove: () => database.drop(),
    };
  };
  everyStore(create);

  test("a Kamailio's own table is widened, keeps its rows, and Kamailio can go on inserting", async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    const connection = await mysql.createConnection(database.url);
    // As Kamailio's schema version 8 creates it.
    await connection.query(
      `create table silo (id int(10) unsigned auto_increment primary key not null, src_addr varchar(255) default '' not null,
         dst_addr varchar(255) default '' not null, username varchar(64) default '' not null, domain varchar(64) default '' not null,
         inc_time int default 0 not null, exp_time int default 0 not null, snd_time int default 0 not null,
         ctype varchar(32) default 'text/plain' not null, body blob, extra_hdrs text, callid varchar(128) default '' not null,
         status int default 0 not null, index account_idx (username, domain)) default charset = latin1`,
    );
    const insert =
      'insert into silo (dst_addr, src_addr, username, domain, body, ctype, exp_time, inc_time, snd_time, extra_hdrs) ' +
      "values ('sip:bob@example.org', 'sip:alice@example.org', 'bob', 'example.org', 'hi', 'text/plain', 5000, 1000, 0, '')";
    await connection.query(insert);
    const store = await openStore(database.url);
    await connection.query(insert);
    expect(await store.foreign(10)).toHaveLength(2);
    await store.close();
    await connection.end();
    await database.drop();
  });

  test.each([
    [
      'Kamailio',
      `create table subscriber (id int(10) unsigned auto_increment primary key not null, username varchar(64) default '' not null,
         domain varchar(64) default '' not null, password varchar(64) default '' not null, ha1 varchar(128) default '' not null,
         ha1b varchar(128) default '' not null, constraint account_idx unique (username, domain)) default charset = latin1`,
      "insert into subscriber (username, domain, password, ha1, ha1b) values ('bob', 'example.org', '', 'a', 'b')",
      { ha1: 'a', ha1b: 'b', ha1Sha256: '' },
    ],
    [
      'OpenSIPS',
      `create table subscriber (id int(10) unsigned auto_increment primary key not null, username char(64) default '' not null,
         domain char(64) default '' not null, password char(25) default '' not null, ha1 char(64) default '' not null,
         ha1_sha256 char(64) default '' not null, ha1_sha512t256 char(64) default '' not null,
         unique key account_idx (username, domain)) default charset = utf8mb4 collate utf8mb4_general_ci`,
      "insert into subscriber (username, domain, ha1, ha1_sha256) values ('bob', 'example.org', 'a', 'c')",
      { ha1: 'a', ha1b: '', ha1Sha256: 'c' },
    ],
  ])(
    "the users of %s's own table are ours, and its tools can go on inserting",
    async (_, table, insert, kept) => {
      const database = await (await sharedMariaDb()).createDatabase();
      const connection = await mysql.createConnection(database.url);
      await connection.query(table);
      await connection.query(insert);
      const store = await openStore(database.url);
      expect(await store.subscriber('bob', 'example.org')).toMatchObject(kept);
      expect(await store.subscriber('BOB', 'example.org')).toBeUndefined();
      await connection.query(insert.replace("'bob'", "'carol'"));
      expect(await store.subscriber('carol', 'example.org')).toMatchObject(kept);
      await store.putSubscriber({ ...(await store.subscriber('bob', 'example.org'))!, ha1: 'new' });
      const bob = (await store.subscriber('bob', 'example.org'))!;
      expect(bob).toMatchObject({ ...kept, ha1: 'new' });
      // To these tables Bob is bob: neither may be taken for the other.
      for (const username of ['Bob', 'bob '])
        await expect(store.putSubscriber({ ...bob, username, ha1: 'thief' })).rejects.toThrow(
          `"${username}@example.org" can't be a user beside "bob@example.org": the table subscriber takes the two for one. Choose another name`,
        );
      expect(await store.removeSubscriber('BOB', 'example.org')).toBe(false);
      expect(await store.subscriber('bob', 'example.org')).toEqual(bob);
      await connection.query("update subscriber set domain = 'Example.ORG' where username = 'bob'");
      await store.putSubscriber({ ...bob, ha1: 'newer' });
      expect(await store.subscriber('bob', 'example.org')).toMatchObject({ ha1: 'newer' });
      expect(await store.removeSubscriber('bob', 'example.org')).toBe(true);
      expect(await store.subscriber('bob', 'example.org')).toBeUndefined();
      await store.close();
      await connection.end();
      await database.drop();
    },
  );

  test.each(['utf32', 'utf16', 'ucs2', 'latin1'])(
    'the rows of an existing table of %s keep their headers and their body',
    async (charset) => {
      const database = await (await sharedMariaDb()).createDatabase();
      const connection = await mysql.createConnection(database.url);
      await connection.query(
        `create table silo (id int auto_increment primary key, src_addr varchar(255) default '' not null,
           dst_addr varchar(255) default '' not null, username varchar(64) default '' not null,
           domain varchar(64) default '' not null, inc_time int default 0 not null, exp_time int default 0 not null,
           snd_time int default 0 not null, ctype varchar(32) default 'text/plain' not null, body text, extra_hdrs text,
           callid varchar(128) default '' not null, status int default 0 not null,
           index account_idx (username, domain)) default charset = ${charset}`,
      );
      await connection.query(
        `insert into silo (dst_addr, src_addr, username, domain, body, exp_time, extra_hdrs) values ('sip:bob@example.org',
           'sip:alice@example.org', 'bob', 'example.org', 'hi', 5000, 'Subject: lunch\r\nX-Note: one\r\n')`,
      );
      for (let start = 0; start < 2; start++) await (await openStore(database.url)).close();
      const [rows] = await connection.query<mysql.RowDataPacket[]>('select body, extra_hdrs from silo');
      const kept = rows.map((row) => [String(row['body']), String(row['extra_hdrs'])]);
      expect(kept).toEqual([['hi', 'Subject: lunch\r\nX-Note: one\r\n']]);
      await connection.end();
      await database.drop();
    },
  );

  test('a database that is not there is refused with a sentence and 503', async () => {
    await expect(openStore('mysql://root:pw@127.0.0.1:1/silo')).rejects.toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      status: 503,
      message: expect.stringContaining('mysql://127.0.0.1:1/silo') as string,
    });
  });
});
