/** What is longer than its column is refused in our words, on both databases: the database's own sentence is for the log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { LampPhone, voice } from '../support/lamp-phone.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import type { Sip } from '../support/sip/message.ts';

const long = (length: number) => 'x'.repeat(length);

function suite(urlOf: () => Promise<{ readonly url: string; drop(): unknown }>): void {
  let database: Awaited<ReturnType<typeof urlOf>>;
  let node: TestNode;
  let bob: LampPhone;
  beforeAll(async () => {
    database = await urlOf();
    node = await startNode({ storeUrl: database.url, mwi: { notifyInterval: 0 } });
    bob = await LampPhone.start('bob', { server: node.server });
  }, 60_000);
  afterAll(async () => {
    bob.close();
    await node.close();
    await database.drop();
  });

  const subscribed = async (headers: Readonly<Record<string, string>>, mailbox?: string) =>
    (await bob.subscribe(headers, mailbox)).answer;
  const own = '<sip:bob@example.org>';

  test.each<[string, RegExp, () => Promise<Sip>]>([
    [
      'SUBSCRIBE: Call-ID',
      /Call-ID has 600 characters, at most 512/,
      () => subscribed({ 'Call-ID': long(600) }),
    ],
    [
      'SUBSCRIBE: tag',
      /tag of From has 300 characters/,
      () => subscribed({ From: `${own};tag=${long(300)}` }),
    ],
    [
      'SUBSCRIBE: From',
      /From has \d+ characters/,
      () => subscribed({ From: `"${long(2100)}" ${own};tag=1` }),
    ],
    ['SUBSCRIBE: To', /To has \d+ characters/, () => subscribed({ To: `"${long(2100)}" ${own}` })],
    [
      'SUBSCRIBE: Contact',
      /Contact/,
      () => subscribed({ Contact: `<sip:bob@127.0.0.1:5999;p=${long(2100)}>` }),
    ],
    [
      'SUBSCRIBE: Record-Route',
      /Record-Route has \d+ characters, at most 2048/,
      () =>
        subscribed({ 'Record-Route': Array.from({ length: 150 }, () => '<sip:192.0.2.1;lr>').join(', ') }),
    ],
    ['SUBSCRIBE: Event id', /Event id/, () => subscribed({ Event: `message-summary;id=${long(200)}` })],
    [
      'SUBSCRIBE: mailbox',
      /mailbox has 412 characters, at most 320/,
      () => subscribed({ From: `<sip:${long(400)}@example.org>;tag=1` }, `${long(400)}@example.org`),
    ],
    [
      'PUBLISH: mailbox',
      /mailbox has 412 characters/,
      () => bob.publish(`${long(400)}@example.org`, voice(1)),
    ],
    [
      'PUBLISH: From',
      /URI of From has \d+ characters/,
      () => bob.publish('bob@example.org', voice(1), { From: `<sip:${long(600)}@example.org>;tag=1` }),
    ],
    ['REGISTER: Call-ID', /Call-ID has 600/, () => bob.phone.register({ callId: long(600), expires: 60 })],
    ['MESSAGE: Call-ID', /Call-ID has 600/, () => bob.phone.message('al', 'hello', { callId: long(600) })],
    ['MESSAGE: recipient', /recipient has/, () => bob.phone.message(long(400), 'hello')],
    [
      'MESSAGE: display name',
      /display name has/,
      () => bob.phone.message('al', 'hi', { headers: { From: `"${long(300)}" ${own};tag=1` } }),
    ],
  ])('%s', async (_, reason, ask) => {
    const { status, start } = await ask();
    expect([status, start]).toEqual([400, expect.stringMatching(reason)]);
    expect(start).not.toMatch(/column|database|row \d/i);
  });

  test('a User-Agent and an Allow of any length are no reason to refuse', async () => {
    const headers = { 'User-Agent': long(1_000), Allow: `MESSAGE, ${long(600)}` };
    expect((await bob.phone.register({ expires: 60, headers })).status).toBe(200);
  });
}

describe('SQLite', () => suite(() => Promise.resolve({ url: 'sqlite::memory:', drop: () => undefined })));

describe('MariaDB', needing(mariadbMissing()), () =>
  suite(async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    return { url: database.url, drop: () => database.drop() };
  }),
);

describe('a value that gets past', needing(mariadbMissing()), () => {
  test('is refused without the words of the database', async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    const store = await openStore(database.url);
    const change = { mailbox: long(400), publisher: 'p', ifMatch: undefined, body: 'b', replace: true };
    const refused = store.publish({ ...change, tag: 't', expires: 9, now: 1 });
    await expect(refused).rejects.toMatchObject({ status: 400 });
    await expect(refused).rejects.not.toThrow(/column/);
    await store.close();
    await database.drop();
  });
});
