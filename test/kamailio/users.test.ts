/** One table of users for a real Kamailio, by its own auth_db and the configuration of docs/behind-kamailio.md, and for the application. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { login } from '../support/digest-answer.ts';
import { freePort } from '../support/free-port.ts';
import { FIXTURES, kamailioMissing, startKamailio, type RunningKamailio } from '../support/kamailio.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { createDatabase, type TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { startProcess } from '../support/process.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import type { Address } from '../support/sip/message.ts';
import { until } from '../support/until.ts';

const digest = (...parts: readonly string[]) => createHash('md5').update(parts.join(':')).digest('hex');

describe('users of one table', needing(kamailioMissing() ?? mariadbMissing()), () => {
  let database: TestDatabase;
  let connection: Connection;
  let app: RunningApp;
  let kamailio: RunningKamailio;
  const phones: Phone[] = [];
  beforeAll(async () => {
    database = await createDatabase((await sharedMariaDb()).port, 'kamailio');
    connection = await createConnection({ uri: database.url, multipleStatements: true });
    await connection.query(readFileSync(join(FIXTURES, 'subscriber-7.sql'), 'utf8'));
    await connection.query('insert into subscriber (username, domain, ha1, ha1b) values (?)', [
      [
        'bob',
        'example.org',
        digest('bob', 'example.org', 'apples'),
        digest('bob@example.org', 'example.org', 'apples'),
      ],
    ]);
    const port = await freePort();
    app = await startApp(
      {
        SILO_STORE: database.url,
        SILO_DOMAINS: 'example.org',
        SILO_TRUST: '127.0.0.1/32',
        SILO_MWI_PUBLISHERS: 'voicemail@example.org',
        SILO_STOP_GRACE: '200',
        SILO_AUTH_CACHE_TIME: '0',
      },
      port,
    );
    kamailio = await startKamailio({
      config: 'behind.cfg',
      replace: { '5070': String(port), 'mysql://kamailio:kamailiorw@localhost/kamailio': database.url },
    });
  });
  afterAll(async () => {
    for (const phone of phones) phone.close();
    await kamailio.stop();
    expect(await app.process.stop()).toEqual({ code: 0, signal: null });
    await connection.end();
    await database.drop();
  });

  async function phone(
    name: string,
    password: string,
    at: { server: Address; host?: string },
  ): Promise<Phone> {
    const started = await Phone.start(name, { login: login(name, password, 'MD5'), ...at });
    phones.push(started);
    return started;
  }
  const atKamailio = (name: string, password: string) => phone(name, password, { server: kamailio.server });
  /** From an address that nobody trusts. */
  const atApp = (name: string, password: string) =>
    phone(name, password, { server: app.server, host: '127.0.0.2' });
  const user = async (args: readonly string[], password: string) => {
    const running = await startProcess(process.execPath, ['dist/app.js', 'user', ...args], {
      env: { SILO_STORE: database.url },
      typed: true,
    });
    running.type(`${password}\n`);
    return { ...(await running.exited), stderr: running.stderr };
  };
  const registers = async (name: string, password: string) => [
    (await (await atKamailio(name, password)).register({ expires: 600 })).status,
    (await (await atApp(name, password)).register({ expires: 600 })).status,
  ];

  test('one whom the tools of Kamailio have added is let in by both, with his password alone', async () => {
    expect(await registers('bob', 'apples')).toEqual([200, 200]);
    expect(await registers('bob', 'bananas')).toEqual([401, 401]);
    expect(await registers('nobody', 'apples')).toEqual([401, 401]);
  });

  test('one whom drachtio-silo has added is let in by both, and messages find him through Kamailio', async () => {
    expect(await user(['add', 'carol@example.org'], 'cherries')).toMatchObject({ code: 0, stderr: '' });
    await until(async () => expect(await registers('carol', 'cherries')).toEqual([200, 200]));
    const alice = await atKamailio('bob', 'apples');
    const away = await atKamailio('dora', 'dates');
    expect((await user(['add', 'dora@example.org'], 'dates')).code).toBe(0);
    expect((await alice.message('dora', 'see you')).status).toBe(202);
    await until(async () => expect((await away.register({ expires: 600 })).status).toBe(200));
    await away.received(1);
    expect(away.texts).toEqual(['see you']);
  });

  test('a new password is that of both, and Kamailio takes no case for another', async () => {
    expect((await user(['passwd', 'bob@example.org'], 'oranges')).code).toBe(0);
    await until(async () => expect(await registers('bob', 'oranges')).toEqual([200, 200]));
    expect((await registers('bob', 'apples'))[0]).toBe(401);
    const second = await user(['add', 'Bob@example.org'], 'thief');
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        '"Bob@example.org" can\'t be a user beside "bob@example.org"',
      ) as string,
    });
    expect(await registers('bob', 'oranges')).toEqual([200, 200]);
    const [rows] = await connection.query('select username, password from subscriber order by username');
    expect(rows).toEqual(['bob', 'carol', 'dora'].map((username) => ({ username, password: '' })));
  });

  test('one who is removed is let in by neither', async () => {
    expect((await user(['remove', 'carol@example.org'], '')).code).toBe(0);
    await until(async () => expect(await registers('carol', 'cherries')).toEqual([401, 401]));
  });
});
