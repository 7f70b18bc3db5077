/** What an operator asks and does from the command line, while the application runs and after it has stopped. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import mysql from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { onEachStore } from '../support/each-store.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { silo, siloJson } from './command.ts';

/** The first value of the first row, as a number: what the commands are compared with. */
async function figure(url: string, sql: string): Promise<number> {
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true });
    const row = database.prepare(sql).get() as Record<string, unknown>;
    database.close();
    return Number(Object.values(row)[0]);
  }
  const connection = await mysql.createConnection(url);
  const [[row]] = await connection.query<mysql.RowDataPacket[]>(sql);
  await connection.end();
  return Number(Object.values(row ?? {})[0]);
}

onEachStore((emptyStore) => {
  let folder: TemporaryFolder;
  let url: string;
  let env: Readonly<Record<string, string>>;
  let app: RunningApp;
  const phones: Phone[] = [];
  beforeEach(async () => {
    // Several processes work on it.
    folder = temporaryFolder('silo-manage');
    url = (await emptyStore()).replace(':memory:', join(folder.path, 'silo.db'));
    env = { SILO_STORE: url, SILO_SEND_AT_HEADER: 'X-Send-At' };
    app = await startApp(env);
  });
  afterEach(async () => {
    for (const phone of phones.splice(0)) phone.close();
    await app.process.stop();
    folder.remove();
  });
  const phone = async (name: string, options: Partial<PhoneOptions> = {}) => {
    const made = await Phone.start(name, { server: app.server, ...options });
    phones.push(made);
    return made;
  };
  const leave = async (to: string, ...texts: readonly string[]) => {
    const alice = await phone('alice');
    for (const text of texts)
      expect((await alice.message(`${to}@example.org`, text, { callId: `call-${text}@pc` })).status).toBe(
        202,
      );
  };
  const ask = (...args: readonly string[]) => siloJson(args, env);
  const say = (...args: readonly string[]) => silo(args, env);

  test(
    'for whom mail waits, what is in a box, and what became of a message',
    { timeout: 60_000 },
    async () => {
      await leave('bob', 'one', 'two', 'three');
      await leave('carol', 'four');
      await until(async () =>
        expect((await ask('box', 'list')).answer).toMatchObject({
          boxes: [
            { aor: 'bob@example.org', waiting: 3, stuck: { reason: 'no-device' } },
            { aor: 'carol@example.org', waiting: 1 },
          ],
          count: { boxes: 2, messages: 4 },
        }),
      );
      expect(await figure(url, 'select count(*) from silo')).toBe(4);
      expect(await figure(url, 'select count(distinct box) from silo')).toBe(2);
      const { code, stdout } = await say('box', 'list', '--order', 'name', '--limit', '1');
      expect(stdout).toMatch(/^box +waiting +oldest +why it is not emptied\nbob@example\.org +3 +\d+ s +\S/);
      expect(stdout).toContain('4 messages wait in 2 boxes.\nThere is more: --cursor ');
      const cursor = /--cursor (\S+)/.exec(stdout)?.[1] ?? '';
      expect((await say('box', 'list', '--order', 'name', '--cursor', cursor)).stdout).toContain(
        'carol@example.org',
      );
      expect(code).toBe(0);

      const shown = await ask('box', 'show', 'sip:bob@example.org', '--bodies');
      expect(shown).toMatchObject({
        code: 0,
        answer: { waiting: 3, messages: [{ body: 'one' }, { body: 'two' }, { body: 'three' }] },
      });
      const quiet = await say('box', 'show', 'bob@example.org');
      expect(quiet.stdout).toContain('bob@example.org: 3 waiting, the oldest for ');
      expect(quiet.stdout).not.toContain('three');
      expect(await say('box', 'show', 'dave@example.org')).toMatchObject({
        code: 2,
        stdout: 'dave@example.org: nothing waits for it.\n',
      });

      const way = await ask('message', 'show', 'call-two@pc');
      expect(way).toMatchObject({ code: 0, answer: [{ state: 'waiting', aor: 'bob@example.org' }] });
      const { id } = (way.answer as { id: number }[])[0]!;
      expect((await say('message', 'show', String(id), '--bodies')).stdout).toMatch(
        /^waiting: to bob@example\.org, from sip:alice@example\.org, id \d+\nkey [0-9a-f]{64}\n[^]*\n\ntwo\n$/,
      );
      expect(await say('message', 'show', 'nowhere@pc')).toMatchObject({ code: 2 });

      const exported = await say('export');
      expect(
        exported.stdout
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { body: string }).body),
      ).toEqual(['one', 'two', 'three', 'four']);
      expect(exported.stderr).toContain('4 messages of 2 boxes.');
    },
  );

  test('in a quarantine a requeue says that it waits for the end; to end one that is not there says so', async () => {
    await leave('bob', 'one');
    const none = { code: 2, stdout: 'There is none.\n' };
    expect(await say('quarantine', 'end')).toMatchObject(none);
    await say('quarantine', 'begin');
    expect((await say('box', 'requeue', 'bob@example.org')).stdout).toBe(
      '1 message of bob@example.org will be tried when the quarantine ends.\n',
    );
    expect((await say('quarantine', 'end')).stdout).toContain('would be sent');
    expect(await say('quarantine', 'end', '--yes')).toMatchObject({ code: 0 });
    expect(await say('quarantine', 'end', '--yes')).toMatchObject(none);
  });

  test('a box is moved, requeued and removed', { timeout: 60_000 }, async () => {
    await leave('bob', 'one', 'two');
    expect((await say('box', 'move', 'bob@example.org', 'robert@example.org')).stdout).toBe(
      '2 messages moved from bob@example.org to robert@example.org.\n',
    );
    expect((await say('box', 'move', 'bob@example.org', 'robert@example.org')).code).toBe(2);

    let status = 500;
    const robert = await phone('robert', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
    await robert.register();
    await until(() => figure(url, 'select count(*) from silo where attempts > 0').then((n) => n > 0));
    status = 200;
    expect((await say('box', 'requeue', 'robert@example.org')).stdout).toContain(
      '2 messages of robert@example.org',
    );
    await until(() => robert.texts.includes('two'));
    await robert.unregister();

    await leave('bob', 'three', 'four');
    const would = await say('box', 'remove', 'bob@example.org');
    expect(would).toMatchObject({ code: 2, stdout: expect.stringContaining('2 messages of bob') as string });
    expect(await figure(url, "select count(*) from silo where box = 'bob@example.org'")).toBe(2);
    expect((await say('box', 'remove', 'bob@example.org', '--yes')).stdout).toContain('2 messages of bob');
    expect(await figure(url, "select count(*) from silo where box = 'bob@example.org'")).toBe(0);
    expect(await say('message', 'show', 'call-three@pc')).toMatchObject({
      stdout: expect.stringContaining('removed by an operator') as string,
    });
  });

  test(
    'dead letters are listed, replayed and dropped, reminders taken back',
    { timeout: 60_000 },
    async () => {
      await leave('bob', 'one', 'two');
      let status = 603;
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
      await bob.register();
      await until(async () => expect(await figure(url, 'select count(*) from silo_dead')).toBe(2));
      const { answer } = await ask('dead', 'list', '--box', 'bob@example.org');
      const [first, second] = (answer as { id: number; status: number }[]).map(({ id }) => id);
      expect(answer).toMatchObject([{ status: 603 }, { status: 603 }]);
      expect((await say('dead', 'list')).stdout).toMatch(/^ *id +box +from +ended +status +why\n/);
      status = 200;
      expect((await say('dead', 'replay', String(first))).stdout).toContain('1 dead letter wait');
      await until(() => bob.texts.filter((text) => text === 'one').length > 1);
      expect((await say('dead', 'drop', String(second))).code).toBe(2);
      expect((await say('dead', 'drop', String(second), '--yes')).code).toBe(0);
      expect(await figure(url, 'select count(*) from silo_dead')).toBe(0);
      expect((await say('dead', 'drop', String(second), '--yes')).code).toBe(2);

      const alice = await phone('alice');
      const headers = { 'X-Send-At': new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '') };
      expect((await alice.message('bob@example.org', 'later', { headers })).status).toBe(202);
      const reminders = (await ask('reminder', 'list')).answer as { id: number; box: string }[];
      expect(reminders).toMatchObject([{ box: 'bob@example.org' }]);
      expect((await say('reminder', 'cancel', String(reminders[0]?.id))).code).toBe(0);
      expect((await say('reminder', 'list')).stdout).toBe('There are none.\n');
    },
  );

  test('what a lamp shows, who is registered, which node is there', { timeout: 60_000 }, async () => {
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    const published = await bob.request(
      'PUBLISH',
      'sip:bob@example.org',
      'bob@example.org',
      { Event: 'message-summary', 'Content-Type': 'application/simple-message-summary', Expires: '600' },
      Buffer.from('Messages-Waiting: yes\r\nVoice-Message: 2/1\r\n'),
    );
    expect(published.status).toBe(200);
    expect((await say('mailbox', 'list')).stdout).toMatch(
      /^mailbox +lamp +says +last used\nbob@example\.org +on +/,
    );
    const lamp = await say('mailbox', 'show', 'bob@example.org');
    expect(lamp.stdout).toMatch(/^bob@example\.org: lamp on \(.*Voice-Message: 2\/1/);
    expect(lamp.stdout).toMatch(/^source {3}publication /m);
    expect((await say('binding', 'list', 'bob@example.org')).stdout).toContain('sip:bob@127.0.0.1');
    expect((await ask('device', 'list', 'bob@example.org')).answer).toMatchObject([{ registered: true }]);
    expect((await ask('node', 'list')).answer).toMatchObject([{ state: 'alive' }]);
  });

  test(
    'a person is exported and erased, also when the application has stopped',
    { timeout: 60_000 },
    async () => {
      await leave('bob', 'secret');
      await app.process.stop();
      const exported = await say('person', 'export', 'bob@example.org');
      expect(exported.code, exported.stderr).toBe(0);
      expect(exported.stdout).toContain('"secret"');
      const would = await say('person', 'erase', 'bob@example.org');
      expect(would).toMatchObject({
        code: 2,
        stdout: expect.stringMatching(/^\d+ records of bob/) as string,
      });
      const erased = await say('person', 'erase', 'bob@example.org', '--yes');
      expect(erased.stdout).toMatch(/^silo +1$/m);
      expect(erased.code, erased.stderr).toBe(0);
      expect((await say('person', 'export', 'bob@example.org')).code).toBe(2);
      for (const table of ['silo', 'silo_ledger'])
        expect(await figure(url, `select count(*) from ${table}`), table).toBe(0);
    },
  );
});

describe('what can not be asked', () => {
  test('a store that is not there is not made', async () => {
    const folder = temporaryFolder('silo-manage');
    const { code, stderr } = await silo(['box', 'list'], { SILO_STORE: `sqlite:${folder.path}/silo.db` });
    expect(stderr).toMatch(/lacks \d+ of \d+ steps of the schema: name the store of the application/);
    expect(code).toBe(1);
    expect((await silo(['migrate', '--check'], { SILO_STORE: `sqlite:${folder.path}/silo.db` })).code).toBe(
      2,
    );
    folder.remove();
  });

  test.each([
    [['dead', 'replay', 'seven'], '"seven" is no list of ids'],
    [['box', 'show', 'not an address'], 'not an address'],
    [['box', 'list', '--limit', '501'], '--limit is "501", wanted is a number from 1 to 500'],
    [
      ['box', 'list', '--order', 'age'],
      "argument 'age' is invalid. Allowed choices are waiting, oldest, name",
    ],
  ])('%j: exit code 1 and a sentence', async (args, sentence) => {
    const folder = temporaryFolder('silo-manage');
    const env = { SILO_STORE: `sqlite:${folder.path}/silo.db` };
    await silo(['migrate'], env);
    const { code, stderr } = await silo(args, env);
    folder.remove();
    expect(stderr).toContain(sentence);
    expect(code).toBe(1);
  });
});
