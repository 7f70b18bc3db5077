/**
 * A stranger's hour: the package in an empty folder, a message stored and delivered by its own commands, and then an operator's questions by command
 * and by HTTP, each figure beside what SQL reads from the database.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { npmPack } from './packed.ts';
import { QUESTIONS, rowsOf, type Row } from './questions.ts';

/** Commands are processes, and this machine may be busy. */
const PATIENCE = 60_000;

let folder: TemporaryFolder;
let env: Readonly<Record<string, string | undefined>>;
let app: RunningProcess;
let server: string;
let page: URL;
const ends: (() => unknown)[] = [];

/** What was learnt in the hour, under the names that questions have for it. */
const facts = new Map<string, string>();

beforeAll(async () => {
  folder = temporaryFolder('silo-stranger');
  const foreign = Object.keys(process.env).filter((name) => /^(SILO|DRACHTIO)_/.test(name));
  server = `127.0.0.1:${await freePort()}`;
  env = {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    SILO_SIP_LISTEN: server,
    SILO_HTTP_LISTEN: '127.0.0.1:0',
  };
});
afterAll(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
  folder.remove();
});

const start = (args: readonly string[], typed = false) =>
  startProcess(join(folder.path, 'node_modules/.bin/drachtio-silo'), args, { cwd: folder.path, env, typed });

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function command(args: readonly string[], input?: string): Promise<Said> {
  const running = await start(args, input !== undefined);
  if (input !== undefined) running.type(input, { end: true });
  const { code } = await running.exited;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

async function commandJson(line: string): Promise<unknown> {
  const { stdout, stderr } = await command([...line.split(' '), '--json']);
  if (stdout === '') throw new Error(`drachtio-silo ${line}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

function http(path: string, init: RequestInit = {}): Promise<Response> {
  const token = page.hash.replace('#token=', '');
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return fetch(new URL(path, page), { ...init, headers });
}

function sql(query: string): readonly Row[] {
  const database = new DatabaseSync(join(folder.path, 'silo.db'), { readOnly: true });
  try {
    // Its rows have no prototype, which is a difference to others.
    return (database.prepare(query).all() as Row[]).map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const filled = (text: string) =>
  text.replace(/\$(\w+)/g, (_, name: string) => facts.get(name) ?? `no ${name}`);

describe('the first message', () => {
  test('the package is installed in an empty folder', { timeout: 180_000 }, async () => {
    const [{ filename }] = JSON.parse(npmPack('--pack-destination', folder.path)) as [{ filename: string }];
    writeFileSync(join(folder.path, 'package.json'), '{ "private": true }');
    // What `npm ci` has brought here need not come again.
    const options = ['--prefer-offline', '--no-audit', '--no-fund'];
    const made = await startProcess('npm', ['install', `./${filename}`, ...options], { cwd: folder.path });
    expect((await made.exited).code, made.stderr).toBe(0);
    expect((await command(['--help'])).stdout).toContain('Usage: drachtio-silo');
  });

  test('it starts, and says where it is', { timeout: PATIENCE }, async () => {
    app = await start([]);
    ends.push(() => app.stop());
    await app.line('drachtio-silo ready', { timeoutMs: PATIENCE });
    page = new URL(/http:\S+/.exec(await app.line('  Page, metrics and API:'))?.[0] ?? '');
  });

  test(
    'a message waits for who is not there, and comes when he registers',
    { timeout: PATIENCE },
    async () => {
      const to = ['--from', 'alice@example.org', '--to', 'bob@example.org', '--server', server];
      const sent = await command(['send', 'Hello, Bob', ...to]);
      expect(sent).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('202 Accepted: stored') as string,
      });
      expect(sql('select box, outcome from silo_ledger')).toEqual([{ box: 'bob@example.org', outcome: '' }]);
      const got = await command([
        'register',
        'bob@example.org',
        '--count',
        '1',
        '--json',
        '--server',
        server,
      ]);
      expect(got.code).toBe(0);
      expect(JSON.parse(got.stdout)).toMatchObject({ from: 'sip:alice@example.org', text: 'Hello, Bob' });
      await until(() => expect(sql('select outcome from silo_ledger')).toEqual([{ outcome: 'delivered' }]));
      facts.set('delivered', String(sql('select dedup from silo_ledger')[0]?.['dedup']));
    },
  );

  test('a lamp is lit by what waits', { timeout: PATIENCE }, async () => {
    const lamp = await start(['watch', 'carol@example.org', '--json', '--server', server]);
    ends.push(() => lamp.stop());
    await lamp.line('{');
    expect(lamp.stdout).toContain('"waiting":false');
    const to = ['--from', 'alice@example.org', '--to', 'carol@example.org', '--server', server];
    expect((await command(['send', 'Call me', ...to])).stdout).toContain('202');
    await until(() => expect(lamp.stdout).toMatch(/"waiting":true.*"Pager-Message"/), PATIENCE);
  });
});

describe('an operator asks', () => {
  /** Erin's phone is broken, dave's refuses for good; a program speaks, too. */
  beforeAll(async () => {
    const [host = '', port = ''] = server.split(':');
    const address = { host, port: Number(port) };
    const alice = await Phone.start('alice', { server: address });
    ends.push(() => alice.close());
    const leave = async (to: string, text: string) =>
      expect((await alice.message(to, text, { callId: `call-${text}@pc` })).status).toBe(202);
    for (const [to, text] of [
      ['carol', 'two'],
      ['dave', 'dead'],
      ['erin', 'refused'],
      ['frank', 'patience'],
    ] as const)
      await leave(to, text);
    facts.set('callid', 'call-patience@pc');
    for (const [name, status] of Object.entries({ dave: 603, erin: 500 })) {
      const phone = await Phone.start(name, {
        server: address,
        react: ({ method }) => (method === 'MESSAGE' ? status : 200),
      });
      ends.push(() => phone.close());
      expect((await phone.register({ expires: 600 })).status).toBe(200);
    }
    const tomorrow = Math.floor(Date.now() / 1_000) + 86_400;
    const reminder = { from: 'shop@example.org', to: 'grace@example.org', body: 'Today!', sendAt: tomorrow };
    expect((await http('/api/messages', { method: 'POST', body: JSON.stringify(reminder) })).status).toBe(
      200,
    );
    const counts = { counts: { 'Voice-Message': { new: 2, old: 1 } }, expires: 600 };
    const source = '/api/mailboxes/carol@example.org/sources/voicemail';
    const lit = await http(source, { method: 'PUT', body: JSON.stringify(counts) });
    expect(lit.status, await lit.text()).toBe(200);
    await until(() => {
      expect(sql('select status from silo_dead')).toEqual([{ status: 603 }]);
      expect(sql('select next_time > 0 as later from silo where last_status = 500')).toEqual([{ later: 1 }]);
    }, PATIENCE);
    // From here on everybody is asked for a password.
    expect((await command(['user', 'add', 'alice@example.org'], 'zanzibar\n')).code).toBe(0);
    const password = JSON.stringify({ password: 'sesame' });
    const added = await http('/api/users/bob@example.org', { method: 'POST', body: password });
    expect(added.status, await added.text()).toBe(201);
    facts.set('now', String(Math.floor(Date.now() / 1_000)));
  }, PATIENCE);

  test.each(QUESTIONS)('$asked', { timeout: 2 * PATIENCE }, async (question) => {
    const { command: line, rows = '', path, httpRows = '' } = question;
    // Some figures are counted aside, seconds after what changes them.
    await until(async () => {
      const said = await commandJson(filled(line));
      const answer = await http(filled(path));
      const measured = sql(filled(question.sql));
      expect(measured).not.toEqual([]);
      const columns = Object.keys(measured[0] ?? {});
      expect(rowsOf(said, rows, columns)).toEqual(measured);
      expect(rowsOf(await answer.json(), httpRows, columns)).toEqual(measured);
    }, PATIENCE);
  });

  test('is it healthy?', { timeout: PATIENCE }, async () => {
    const steps = Number(sql('select max(version) as step from silo_schema')[0]?.['step']);
    expect(await commandJson('doctor')).toMatchObject({
      well: true,
      findings: expect.arrayContaining([
        expect.objectContaining({ what: 'schema', found: `step ${steps}, the newest` }),
      ]) as unknown,
    });
    expect(await (await http('/readyz')).json()).toMatchObject({ status: 'ready', why: '' });
    expect(await (await http('/api/health')).json()).toMatchObject({ ready: true });
  });

  test('how do I graph it?', { timeout: PATIENCE }, async () => {
    await until(async () => {
      const text = await (await http('/metrics')).text();
      const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      const [measured] = sql(
        `select (select count(*) from silo) as waiting, (select count(*) from silo_dead) as dead,
           (select count(*) from mwi_subscription) as lamps, (select count(*) from silo_ledger) as accepted,
           (select count(*) from silo_ledger where outcome = 'delivered') as delivered`,
      );
      expect({
        waiting: metric('silo_messages_waiting'),
        dead: metric('silo_dead_letters'),
        lamps: metric('silo_subscriptions'),
        accepted: metric('silo_messages_accepted_total'),
        delivered: metric('silo_messages_ended_total\\{outcome="delivered"\\}'),
      }).toEqual(measured);
      const listed = (await commandJson('box list')) as { readonly count: { readonly messages: number } };
      expect(listed.count.messages).toBe(measured?.['waiting']);
    }, PATIENCE);
  });

  test('what is stored about somebody?', { timeout: PATIENCE }, async () => {
    const exported = await command(['person', 'export', 'carol@example.org']);
    const byHttp = await (await http('/api/persons/carol@example.org')).text();
    const tables = (lines: string) => {
      const counts: Record<string, number> = {};
      for (const line of lines.trim().split('\n')) {
        const { table } = JSON.parse(line) as { readonly table: string };
        counts[table] = (counts[table] ?? 0) + 1;
      }
      return counts;
    };
    const inSilo = tables(exported.stdout);
    expect(tables(byHttp)).toEqual(inSilo);
    expect(inSilo['silo']).toBe(2);
    for (const [table, count] of Object.entries(inSilo)) expect(naming(table, 'carol')).toBe(count);
  });

  test.each([
    ['by command', 'frank', eraseByCommand],
    ['by HTTP', 'carol', eraseByHttp],
  ])('erase everything of somebody, %s', { timeout: 2 * PATIENCE }, async (_, name, erase) => {
    const before = naming('silo', name);
    expect(before).toBeGreaterThan(0);
    expect(await erase(`${name}@example.org`)).toContainEqual({ table: 'silo', rows: before });
    await until(() => {
      for (const { table } of sql(`select name as "table" from sqlite_master where type = 'table'`))
        expect([table, naming(String(table), name)]).toEqual([table, 0]);
    }, PATIENCE);
  });
});

/** Rows of a table that have this person in any column. */
function naming(table: string, name: string): number {
  return sql(`select * from "${table}"`).filter((row) => JSON.stringify(row).includes(`${name}@example.org`))
    .length;
}

type Erased = readonly { readonly table: string; readonly rows: number }[];

async function eraseByCommand(aor: string): Promise<Erased> {
  return ((await commandJson(`person erase ${aor} --yes`)) as { readonly erased: Erased }).erased;
}

async function eraseByHttp(aor: string): Promise<Erased> {
  const answer = await http(`/api/persons/${aor}`, { method: 'DELETE' });
  if (!answer.ok) throw new Error(`${await answer.text()} ${app.stderr}`);
  return ((await answer.json()) as { readonly erased: Erased }).erased;
}
