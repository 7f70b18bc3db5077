/** A real Kamailio and the application on one table: one stores and the other delivers, both ways. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocks } from '../docs/pages.ts';
import { fresh, numbered, phonesOf, sendAll, sendNext } from '../journey/journey.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { FIXTURES, kamailioMissing, startKamailio, type RunningKamailio } from '../support/kamailio.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { createDatabase, type TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import type { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { LONG, until } from '../support/until.ts';

interface Pair {
  readonly app: RunningApp;
  readonly kamailio: RunningKamailio;
  sql<T = RowDataPacket>(statement: string): Promise<readonly T[]>;
}

/** Whose table it is: who comes first makes it. */
type Maker = 'Kamailio' | 'drachtio-silo';

function sideBySide(maker: Maker, defines: readonly string[] = []) {
  let database: TestDatabase;
  let connection: Connection;
  let pair: Pair;
  const phones = phonesOf(() => pair.app);
  beforeAll(async () => {
    const { port } = await sharedMariaDb();
    database = await createDatabase(port, 'kamailio');
    connection = await createConnection({ uri: database.url, multipleStatements: true });
    const start = () => startApp({ SILO_STORE: database.url, SILO_CHECK_TIME: '1', SILO_STOP_GRACE: '200' });
    let app: RunningApp;
    if (maker === 'Kamailio') {
      await connection.query(readFileSync(join(FIXTURES, 'silo-8.sql'), 'utf8'));
      app = await start();
    } else {
      app = await start();
      await connection.query(blocks('sql', 'docs/beside-kamailio.md')[0]?.text ?? '');
    }
    const kamailio = await startKamailio({
      config: 'side-by-side.cfg',
      replace: {
        'mysql://silo:secret@127.0.0.1:3306/silo': database.url,
        '"check_time", 10': '"check_time", 1',
      },
      defines,
    });
    const sql = async <T>(statement: string) =>
      (await connection.query(statement))[0] as unknown as readonly T[];
    pair = { app, kamailio, sql };
  });
  afterAll(async () => {
    phones.close();
    await pair.kamailio.stop();
    expect(await pair.app.process.stop()).toEqual({ code: 0, signal: null });
    await connection.end();
    await database.drop();
  });
  return {
    get app() {
      return pair.app;
    },
    sql: <T = RowDataPacket>(statement: string) => pair.sql<T>(statement),
    /** A phone that talks to the application, one that talks to Kamailio. */
    atApp: (name: string) => phones.phone(name),
    atKamailio: (name: string) => phones.phone(name, { server: pair.kamailio.server }),
    /** The same person at the other one. */
    atOther: (phone: Phone, kamailio: boolean) =>
      phones.another(phone, { server: kamailio ? pair.kamailio.server : pair.app.server }),
    /** The application has looked at the table, and has sent what this phone of Kamailio stored there last. */
    looked: async (alice: Phone) => {
      const witness = await phones.phone('witness');
      await witness.register();
      await sendAll(alice, witness, ['later']);
      await witness.received(1);
    },
    outcomes: async (box: string) =>
      (
        await pair.sql<{ outcome: string; reason: string }>(
          `select outcome, reason from silo_ledger where box = '${box}'`,
        )
      ).map(({ outcome, reason }) => `${outcome || 'waiting'} ${reason}`.trim()),
  };
}

const missing = kamailioMissing() ?? mariadbMissing();

/** What a body may hold that is easily damaged on the way through two programs and a database. */
const ODD = [
  'plain',
  'grüße 🙂 你好',
  'quotes \' " ` and \\ backslashes \\r\\n',
  'lines\r\nof\nall\rkinds\r\n\r\n',
  ' blanks around \t',
  'x'.repeat(4_000),
];

describe.each<Maker>(['Kamailio', 'drachtio-silo'])("Kamailio's m_store into a table made by %s", (maker) => {
  describe('is delivered by the application', needing(missing), () => {
    const world = sideBySide(maker);

    test('byte for byte and in order, to several people who come later', async () => {
      const alice = await world.atKamailio('alice');
      const people = await Promise.all(['bob', 'carol', 'dave'].map((name) => world.atApp(name)));
      for (const text of ODD) await Promise.all(people.map((person) => sendAll(alice, person, [text])));
      await world.looked(alice);
      await Promise.all(people.map((person) => person.register()));
      for (const person of people) {
        await person.received(ODD.length);
        expect(person.texts).toEqual(ODD);
        expect(person.messages[0]?.header('From')).toMatch(`<sip:${alice.aor}>`);
        expect(person.messages[0]?.header('To')).toBe(`<sip:${person.aor}>`);
        const delivered = ODD.map(() => 'delivered Scripted');
        await until(async () => expect(await world.outcomes(person.aor)).toEqual(delivered));
        await nothingMore(person);
      }
    });

    test('at once to somebody who is registered, among messages of our own', async () => {
      const alice = await world.atKamailio('alice');
      const bob = await world.atApp('bob');
      await bob.register();
      await sendAll(alice, bob, ['by Kamailio']);
      await bob.received(1);
      await sendNext(await world.atApp('carol'), bob, 'by us');
      expect(bob.texts).toEqual(['by Kamailio', 'by us']);
    });

    test('with the headers that msilo keeps, and its Content-Type', async () => {
      const alice = await world.atKamailio('alice');
      const bob = await world.atApp('bob');
      const headers = { 'X-Mood': 'grün', 'Reply-To': '<sip:office@example.org>' };
      expect((await alice.message(bob.aor, 'one', { headers })).status).toBe(202);
      const contentType = 'text/html;charset=UTF-8';
      const options = { headers: { Subject: 'greetings' }, contentType };
      expect((await alice.message(bob.aor, 'two', options)).status).toBe(202);
      await bob.register();
      await bob.received(2);
      const [one, two] = bob.messages;
      expect(one?.header('X-Mood')).toBe('grün');
      expect(one?.header('Reply-To')).toBe('<sip:office@example.org>');
      expect(one?.header('Content-Type')).toBe('text/plain');
      expect(two?.header('Subject')).toBe('greetings');
      // Kamailio stores no parameters.
      expect(two?.header('Content-Type')).toBe('text/html');
    });

    test('not after its Expires', async () => {
      const alice = await world.atKamailio('alice');
      const bob = await world.atApp('bob');
      const sent = await alice.message(bob.aor, 'soon over', { headers: { Expires: '2' } });
      expect(sent.status).toBe(202);
      await sendAll(alice, bob, ['stays']);
      await expect
        .poll(async () => (await world.outcomes(bob.aor)).sort(), { timeout: LONG })
        .toEqual(['expired lifetime over', 'waiting']);
      await bob.register();
      await bob.received(1);
      await nothingMore(bob);
      expect(bob.texts).toEqual(['stays']);
    });

    test('as a reminder, not before its time', async () => {
      const alice = await world.atKamailio('alice');
      const bob = await world.atApp('bob');
      await bob.register();
      const at = Math.floor(Date.now() / 1000) + 3;
      const digits = new Date(at * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
      const sent = await alice.message(bob.aor, 'wake up', { headers: { 'X-Send-At': digits } });
      expect(sent.status).toBe(202);
      await bob.received(1);
      expect(Date.now() / 1000).toBeGreaterThanOrEqual(at);
      expect(bob.texts).toEqual(['wake up']);
    });
  });
});

describe.each<Maker>(['Kamailio', 'drachtio-silo'])('our messages in a table made by %s', (maker) => {
  describe("are delivered by Kamailio's m_dump", needing(missing), () => {
    const world = sideBySide(maker, ['WITH_DUMP']);

    test('byte for byte, in order, with type and headers; the ledger and the lamp hear of it', async () => {
      const alice = await world.atApp('alice');
      const watcher = await world.atApp('bob');
      const subscribed = await watcher.request('SUBSCRIBE', `sip:${watcher.aor}`, watcher.aor, {
        Contact: watcher.contact,
        Event: 'message-summary',
      });
      expect(subscribed.status).toBe(200);
      const lamp = () =>
        watcher.requests
          .filter(({ method }) => method === 'NOTIFY')
          .at(-1)
          ?.body.toString() ?? '';
      const contentType = 'text/plain;charset="utf-8"';
      const headers = { Subject: 'greetings', 'X-Mood': 'green' };
      for (const text of ODD)
        expect((await alice.message(watcher.aor, text, { contentType, headers })).status).toBe(202);
      await expect.poll(lamp, { timeout: LONG }).toContain(`Pager-Message: ${ODD.length}/0`);

      const bob = await world.atOther(watcher, true);
      expect((await bob.register({ expires: 600 })).status).toBe(200);
      await bob.received(ODD.length);
      expect(bob.texts).toEqual(ODD);
      for (const message of bob.messages) {
        expect(message.header('Content-Type')).toBe(contentType);
        expect(message.header('Subject')).toBe('greetings');
        expect(message.header('X-Mood')).toBe('green');
        expect(message.header('From')).toMatch(`<sip:${alice.aor}>`);
        expect(message.header('Date')).toMatch(/GMT$/);
      }
      await expect
        .poll(() => world.outcomes(bob.aor), { timeout: LONG })
        .toEqual(ODD.map(() => 'erased deleted by another program'));
      await expect.poll(lamp, { timeout: LONG }).toContain('Messages-Waiting: no');
    });

    test('while others wait, which stay as they are, and ours go on being accepted', async () => {
      const alice = await world.atApp('alice');
      const bob = await world.atApp('bob');
      const carol = await world.atApp('carol');
      await sendAll(alice, carol, numbered(3));
      await sendAll(alice, bob, numbered(3));
      const device = await world.atOther(bob, true);
      await device.register({ expires: 600 });
      await device.received(3);
      // Kamailio deletes them within its check_time; meanwhile and after that messages come.
      const accepted: string[] = [];
      await expect
        .poll(
          async () => {
            const dave = fresh('dave');
            expect((await alice.message(dave, 'hello')).status).toBe(202);
            accepted.push(`${dave}@${alice.domain}`);
            return world.outcomes(bob.aor);
          },
          { timeout: LONG, interval: 10 },
        )
        .toEqual(numbered(3).map(() => 'erased deleted by another program'));
      for (const box of accepted) expect(await world.outcomes(box)).toEqual(['waiting']);
      const [waits] = await world.sql<{ n: number }>(
        "select count(*) as n from silo_ledger where outcome = ''",
      );
      const [rows] = await world.sql<{ n: number }>('select count(*) as n from silo');
      expect(waits).toEqual(rows);
      await carol.register();
      await carol.received(3);
      expect(carol.texts).toEqual(numbered(3));
    });

    test('except behind one with more than 1,023 bytes of headers, at which msilo stops', async () => {
      const alice = await world.atApp('alice');
      const bob = await world.atApp('bob');
      const headers = { 'X-Long': 'x'.repeat(1_100) };
      expect((await alice.message(bob.name, 'long', { headers })).status).toBe(202);
      await sendAll(alice, bob, ['short']);
      const device = await world.atOther(bob, true);
      await device.register({ expires: 600 });
      const carol = await world.atApp('carol');
      await sendAll(alice, carol, ['later']);
      const other = await world.atOther(carol, true);
      await other.register({ expires: 600 });
      await other.received(1);
      expect(device.texts).toEqual([]);
      // They are not lost: the application delivers them.
      await bob.register();
      await bob.received(2);
      expect(bob.texts).toEqual(['long', 'short']);
    });

    test('and not those of Kamailio itself for a second time: it sends what it stored', async () => {
      const alice = await world.atKamailio('alice');
      const bob = await world.atKamailio('bob');
      await sendAll(alice, bob, ['one', 'two']);
      await bob.register({ expires: 600 });
      await bob.received(2);
      await expect
        .poll(() => world.sql(`select id from silo where username = '${bob.name}'`), { timeout: LONG })
        .toEqual([]);
      await world.looked(alice);
      expect(bob.texts).toEqual(['one', 'two']);
    });
  });
});
