/** After an old backup was restored nothing may leave a box before an operator has looked: what was delivered since would be sent again. */
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { idle, looked, nothingMore } from '../support/sentinel.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function phone(name: string, { server }: Pick<TestNode, 'server'>): Promise<Phone> {
  const made = await Phone.start(name, { server });
  ends.push(() => made.close());
  return made;
}

/** Ends with the test, or before. */
async function start(options: TestNodeOptions): Promise<TestNode> {
  const node = await startNode(options);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= node.close());
  ends.push(close);
  return { ...node, close };
}

/** What waits was looked at, from the beginning to the end, and nothing has left a box. */
async function expectQuiet(node: TestNode, bob: Phone): Promise<void> {
  await looked(node);
  await idle(node, bob);
  expect([node.silo.statistics().attempts, bob.texts]).toEqual([{}, []]);
}

const SILO = {
  tailTime: 0.2,
  sendAtHeader: 'X-Send-At',
  noticeFrom: 'sip:silo@example.org',
  noticeInterval: 0,
};

function onOneNode(emptyStore: () => Promise<string>): void {
  test('stores and registers, sends no message, reminder or notice, and each message once when it is over', async () => {
    const storeUrl = await emptyStore();
    const before = await start({ storeUrl, silo: SILO });
    expect((await (await phone('alice', before)).message('bob', 'old')).status).toBe(202);
    await before.close();

    const node = await start({ storeUrl, silo: { ...SILO, quarantine: true } });
    const { quarantine } = await node.silo.health();
    expect(quarantine).toMatch(/^In quarantine since 20\S+Z: messages are stored/);
    const { ready, checks } = await node.readiness();
    expect([ready, checks.quarantine]).toEqual([true, { ok: false, detail: quarantine }]);

    const [alice, bob, carol] = [
      await phone('alice', node),
      await phone('bob', node),
      await phone('carol', node),
    ];
    const due = Math.ceil(Date.now() / 1000) + 1;
    const headers = { 'X-Send-At': new Date(due * 1000).toISOString().replace(/\.\d+/, '') };
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    // Where notices go.
    const contact = { headers: { Contact: alice.contact } };
    expect((await alice.message('bob', 'new', contact)).status).toBe(202);
    expect((await alice.message('bob', 'at a set time', { headers })).status).toBe(202);
    node.silo.dump(bob.aor);
    await until(() => Date.now() / 1000 > due);
    await expectQuiet(node, bob);
    // Who has no mail is written to as ever.
    await carol.register({ expires: 600 });
    expect((await alice.message('carol', 'live')).status).toBe(200);
    expect(alice.texts).toEqual([]);

    expect(await node.silo.quarantine.end()).toBe(true);
    await bob.received(3);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['old', 'new', 'at a set time']);
    expect((await node.silo.health()).quarantine).toBe('');
    expect((await alice.message('dave', 'noticed', contact)).status).toBe(202);
    await alice.received(1);
  });

  test('is not over when a node starts without the option', async () => {
    const storeUrl = await emptyStore();
    const before = await start({ storeUrl, silo: { ...SILO, quarantine: true } });
    expect((await (await phone('alice', before)).message('bob', 'old')).status).toBe(202);
    await before.close();
    const node = await start({ storeUrl, silo: SILO });
    const bob = await phone('bob', node);
    await bob.register({ expires: 600 });
    await expectQuiet(node, bob);
    await node.silo.quarantine.end();
    await bob.received(1);
  });
}

async function mariadb(): Promise<string> {
  const database = await (await sharedMariaDb()).createDatabase();
  ends.push(() => database.drop());
  return database.url;
}

describe('a quarantine, on SQLite', () => {
  onOneNode(() => {
    const folder = temporaryFolder('silo-quarantine');
    ends.push(() => folder.remove());
    return Promise.resolve(`sqlite:${join(folder.path, 'silo.db')}`);
  });
});

describe('a quarantine, on MariaDB', needing(mariadbMissing()), () => {
  onOneNode(mariadb);

  test('that is begun at one node holds for those that run already, and so does its end', async () => {
    const storeUrl = await mariadb();
    const node = (name: string) => start({ storeUrl, front: {}, silo: { ...SILO, node: name } });
    const [one, two] = [await node('one'), await node('two')];
    const [alice, bob] = [await phone('alice', one), await phone('bob', two)];
    await bob.register({ expires: 600 });
    bob.react = () => 480;
    expect((await alice.message('bob', 'old')).status).toBe(202);
    bob.react = () => 200;
    await one.silo.quarantine.begin();
    await until(async () => (await two.silo.health()).quarantine !== '');
    await idle(two, bob);
    const before = bob.messages.length;
    await bob.register({ expires: 600 });
    await looked(two);
    await idle(two, bob);
    expect(bob.messages.length).toBe(before);
    await one.silo.quarantine.end();
    await bob.received(before + 1);
    await nothingMore(bob);
  });
});
