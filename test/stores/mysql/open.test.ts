import mysql from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { bindingConformance } from '../contract/bindings.ts';
import { aKey, bodyKeyConformance } from '../contract/body-keys.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { storeConformance, type StoreUnderTest } from '../contract/messages.ts';
import { mwiConformance } from '../contract/mwi.ts';
import { nodeConformance } from '../contract/nodes.ts';
import { roomConformance } from '../contract/room.ts';

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
  storeConformance(create);
  bindingConformance(create);
  mwiConformance(create);
  nodeConformance(create);
  roomConformance(create);
  bodyKeyConformance(create);

  describe('with bodies encrypted', () => {
    const bodyKey = aKey('one');
    storeConformance(async () => {
      const under = await create();
      return { ...under, open: (now) => under.open(now, { bodyKey }) };
    });
  });

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
