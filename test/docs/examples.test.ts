/** Every command and every example of README.md and docs/ is run here as it stands there; only ports and times are replaced. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import type { Silo, SiloEvents, SiloOptions } from '../../lib/index.ts';
import { createEvents } from '../../lib/silo/state/events.ts';
import { openStore } from '../../lib/stores/open.ts';
import { login } from '../support/digest-answer.ts';
import { findCommand } from '../support/find-command.ts';
import { opensslMissing } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { aRow, createMsiloTable, type MsiloRow } from '../support/msilo.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { sippMissing } from '../support/sipp.ts';
import { startSecureMariaDb } from '../support/secure-mariadb.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { LONG } from '../support/until.ts';
import { compileBlocks, type CompiledBlocks } from './compiled.ts';
import { clean, freshClone, runExample } from './fresh-clone.ts';
import { blocks, root, type Block } from './pages.ts';

const LANGUAGES = ['sh', 'ts', 'json', 'sql', 'text'];
const tested = new Set<string>();
const nameOf = ({ path, language, text }: Block): string => `${path} (${language}): ${text}`;

/** The one example of a page that is this line or, else, holds these words. */
function example(path: string, language: string, words: string): string {
  const all = blocks(language, path);
  const exact = all.filter(({ text }) => text === `${words}\n`);
  const [found, ...more] = exact.length > 0 ? exact : all.filter(({ text }) => text.includes(words));
  if (!found || more.length > 0)
    throw new Error(`${path} has ${found ? 'several examples' : 'no example'} with "${words}"`);
  tested.add(nameOf(found));
  return found.text;
}

let project: TemporaryFolder;
let front: FrontEnd;
let server: { host: string; port: number };
beforeAll(async () => {
  project = freshClone();
  front = await startFrontEnd({ listen: '127.0.0.1:0', secret: 'cymru' });
  server = { host: '127.0.0.1', port: front.addresses[0]!.port };
});
afterAll(async () => {
  await front.close();
  project.remove();
});

function shell(text: string, env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
  return runExample(text, { cwd: project.path, env });
}

async function started(app: RunningProcess): Promise<string> {
  return app.line('drachtio-silo ready', { timeoutMs: 60_000 });
}

/** As Ctrl-C does: npm, its shell and the app hear it. What npm says of its end is npm's affair. */
async function interrupt(app: RunningProcess): Promise<void> {
  process.kill(-app.pid, 'SIGINT');
  await app.exited;
}

/** What a phone's lamp was told last. */
function lampOf(phone: Phone): string {
  const last = phone.requests.filter(({ method }) => method === 'NOTIFY').at(-1);
  return (last?.body.toString() ?? '').replaceAll('\r\n', '\n');
}

describe('first steps', () => {
  test('npm start says what the README shows', { timeout: 90_000 }, async () => {
    const port = await freePort();
    const app = await shell(example('README.md', 'sh', 'npm start'), {
      SILO_SIP_LISTEN: `127.0.0.1:${port}`,
    });
    await started(app);
    await app.line('  This embedded');
    const shown = example('README.md', 'text', 'drachtio-silo ready').replaceAll('5060', String(port));
    const said = app.stdout.replace(/:\d+(\/#token=)\S+/, ':8060$1<made at each start>');
    // After npm's own two lines.
    expect(said.endsWith(`\n${shown}`), said).toBe(true);
    await interrupt(app);
  });

  test('npm test runs tests, here one file of them', { timeout: 90_000 }, async () => {
    const run = await shell(`${example('README.md', 'sh', 'npm test').trim()} -- test/faults/ledger.test.ts`);
    expect((await run.exited).code).toBe(0);
    expect(run.stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed$/);
  });

  test('npm run demo plays the story of the README and ends with 0', { timeout: 90_000 }, async () => {
    const demo = await shell(example('README.md', 'sh', 'npm run demo'));
    expect((await demo.exited).code).toBe(0);
    expect(demo.stdout).toContain(example('README.md', 'text', 'REGISTER').trimEnd());
  });

  test(
    'npm run bench measures, here for a moment',
    { timeout: 180_000, ...needing(sippMissing()) },
    async () => {
      const short = ' --rounds=1 --count=20 --seconds=1';
      const all = example('docs/performance.md', 'sh', 'DRACHTIO_BIN').trim();
      const some = example('docs/performance.md', 'sh', '--only=accept,refresh').trim();
      const bench = await shell(`${some}${short}`);
      expect((await bench.exited).code, bench.stderr).toBe(0);
      expect(bench.stdout).toMatch(/^\| accept, 200 open, messages\/s \| [\d.,]+ /m);
      expect(bench.stdout).toMatch(/^\| REGISTER refresh, no mail, registers\/s \| [\d.,]+ /m);
      // Without that program there, the rest is measured.
      const absent = await shell(
        `${all} -- --only=refresh --columns=ceiling-drachtio,ceiling-embedded${short}`,
      );
      expect((await absent.exited).code, absent.stderr).toBe(0);
      expect(absent.stderr).toContain('bare app, drachtio is left out: drachtio-server is missing');
      expect(absent.stdout).toContain('| bare app, embedded |');
    },
  );

  test('every npm command that a page names exists', () => {
    const scripts = JSON.parse(
      execFileSync('npm', ['pkg', 'get', 'scripts'], { cwd: root, encoding: 'utf8' }),
    ) as object;
    const named = LANGUAGES.flatMap((language) => blocks(language))
      .map(({ text }) => text)
      .join('\n');
    for (const [, name = ''] of named.matchAll(/npm (?:run )?(start|test|\w+)$/gm))
      expect(scripts).toHaveProperty(name);
  });
});

describe('starting with options', () => {
  test('the embedded front end on other addresses', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const app = await shell(
      example('docs/embedded.md', 'sh', 'SILO_SIP_LISTEN').replace('5080', String(port)),
      {
        SILO_STORE: 'sqlite::memory:',
      },
    );
    const ready = await started(app);
    expect(ready).toContain(`udp/127.0.0.1:${port}`);
    expect(ready).toContain('tcp/127.0.0.2:');
    await interrupt(app);
  });

  test('the application behind an IMS core', { timeout: 60_000 }, async () => {
    const app = await shell(example('docs/behind-an-ims-core.md', 'sh', 'SILO_IMS'), {
      SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}`,
    });
    await started(app);
    const [, port = ''] = /udp\/127\.0\.0\.1:(\d+)/.exec(app.stdout) ?? [];
    const scscf = await Phone.start('scscf', { server: { host: '127.0.0.1', port: Number(port) } });
    const uri = scscf.contact.replace('scscf@', '');
    const user = 'bob@ims.example.org';
    const headers = { From: `${uri};tag=1`, Contact: uri, Expires: '600' };
    expect((await scscf.request('REGISTER', `sip:127.0.0.1:${port}`, user, headers)).status).toBe(200);
    expect((await scscf.message(user, 'Hello')).status).toBe(200);
    expect(scscf.messages[0]?.start).toBe(`MESSAGE sip:${user} SIP/2.0`);
    scscf.close();
    await interrupt(app);
  });

  test('the application behind a Kamailio', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const command = example('docs/behind-kamailio.md', 'sh', 'SILO_SIP_LISTEN').replace('5070', String(port));
    const app = await shell(command, { SILO_STORE: 'sqlite::memory:' });
    expect(await started(app)).toContain(`udp/127.0.0.1:${port}`);
    await interrupt(app);
  });

  test('what a supervisor runs, and how it ends', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const app = await shell(example('docs/operating.md', 'sh', 'node dist/app.js'), {
      SILO_SIP_LISTEN: `127.0.0.1:${port}`,
    });
    expect(await started(app)).toBe(
      example('docs/operating.md', 'text', 'ready').replaceAll('5060', String(port)).trim(),
    );
    expect(await app.stop(15_000)).toEqual({ code: 0, signal: null });
  });

  test('bodies that are encrypted', { timeout: 60_000 }, async () => {
    const commands = example('docs/encryption.md', 'sh', 'openssl rand');
    const app = await shell(commands, {
      SILO_STORE: 'sqlite:./encrypted.db',
      SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}`,
    });
    await started(app);
    const encrypting = await shell(example('docs/encryption.md', 'sh', '-- encrypt'), {
      SILO_STORE: 'sqlite:./encrypted.db',
    });
    expect((await encrypting.exited).code).toBe(0);
    expect(encrypting.stdout).toContain('0 bodies were encrypted in sqlite:./encrypted.db');
    await interrupt(app);
    const database = new DatabaseSync(join(project.path, 'encrypted.db'));
    database.exec(example('docs/encryption.md', 'sql', 'vacuum'));
    expect(database.prepare('select id from silo_body_key').all()).toEqual([{ id: '2026' }]);
    database.exec(example('docs/encryption.md', 'sql', 'seal'));
    expect(database.prepare('select id from silo_body_key').all()).toEqual([]);
    database.close();
  });

  test('TLS to a drachtio-server', { timeout: 60_000 }, async () => {
    const command = example('docs/tls.md', 'sh', 'DRACHTIO_CA');
    // Any CA: without one the app does not start.
    writeFileSync(join(project.path, 'ca.pem'), rootCertificates[0] ?? '');
    const app = await shell(
      command
        .replace('sip.example.org', '127.0.0.1')
        .replace('9023', String(front.adminPort))
        .replace('/etc/silo/ca.pem', join(project.path, 'ca.pem')),
      { SILO_STORE: 'sqlite::memory:' },
    );
    // What TLS does is for test/app/secure-server.test.ts; here is nobody who has it.
    await expect.poll(() => app.stderr, { timeout: 60_000 }).toContain("can't be reached over TLS");
    await interrupt(app);
  });

  test('a secret from a file', { timeout: 60_000 }, async () => {
    writeFileSync(join(project.path, 'drachtio.secret'), 'cymru\n');
    const app = await shell(example('docs/operating.md', 'sh', 'DRACHTIO_SECRET_FILE'), {
      SILO_STORE: 'sqlite::memory:',
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
    });
    await started(app);
    await interrupt(app);
  });

  test.each([
    [
      'with DEBUG',
      () => example('docs/operating.md', 'sh', 'DEBUG='),
      /drachtio-silo:sip:connect:WARN .*can't be reached/,
    ],
    ['without', () => 'node dist/app.js', /^\S+Z warn sip:connect: .*can't be reached/m],
  ])('warnings and errors in the log, %s', { timeout: 60_000 }, async (_, command, wanted) => {
    const app = await shell(command(), {
      SILO_STORE: 'sqlite::memory:',
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(await freePort()),
    });
    await expect.poll(() => app.stderr, { timeout: 30_000 }).toMatch(wanted);
    app.kill('SIGTERM');
    await app.exited;
  });
});

describe('the application with options of msilo', () => {
  let own: TemporaryFolder;
  let app: RunningProcess | undefined;
  const phones: Phone[] = [];
  beforeEach(() => {
    own = temporaryFolder('silo-docs-options');
  });
  afterEach(async () => {
    for (const phone of phones.splice(0)) phone.close();
    if (app) await interrupt(app);
    own.remove();
  });

  /** Runs the example, and gives phones. */
  async function run(page: string, words: string) {
    const port = await freePort();
    app = await shell(example(page, 'sh', words), {
      SILO_SIP_LISTEN: `127.0.0.1:${port}`,
      SILO_STORE: `sqlite:${join(own.path, 'silo.db')}`,
    });
    await started(app);
    return async (name: string) => {
      const phone = await Phone.start(name, { server: { host: '127.0.0.1', port } });
      phones.push(phone);
      return phone;
    };
  }
  const params = (n: number) => `;+sip.instance="<urn:uuid:${n}>"`;

  test('every device gets a message', { timeout: 60_000 }, async () => {
    const phone = await run('docs/devices.md', 'SILO_DELIVER_TO');
    const [alice, desk, mobile] = [await phone('alice'), await phone('bob'), await phone('bob')];
    await desk.register({ expires: 600, params: params(1) });
    await mobile.register({ expires: 600, params: params(2) });
    expect((await alice.message('bob', 'hi')).status).toBe(202);
    await desk.received(1);
    await mobile.received(1);
  });

  test('headers are added', { timeout: 60_000 }, async () => {
    const phone = await run('docs/dumping.md', 'SILO_EXTRA_HEADERS');
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await alice.message('bob', 'hi');
    await bob.register({ expires: 600 });
    const [message] = await bob.received(1);
    expect(message?.header('X-Offline')).toBe(`stored ${message?.header('Date') ?? ''}`);
    expect(message?.header('X-Stored-For')).toBe('bob');
  });

  test('a message with a set time', { timeout: 60_000 }, async () => {
    const page = 'docs/reminders.md';
    const phone = await run(page, 'SILO_SEND_AT_HEADER');
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    const [head = '', body = ''] = example(page, 'text', 'MESSAGE').split('\n\n');
    const [start = '', ...lines] = head.split('\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/).slice(0, 2))) as Record<
      string,
      string
    >;
    const send = (time: string) =>
      alice.request(
        'MESSAGE',
        start.split(' ')[1] ?? '',
        bob.aor,
        { ...headers, 'X-Send-At': time },
        Buffer.from(body),
      );
    // As the page writes times, but for a time that does not grow old.
    const zoned = (seconds: number) => {
      const shown = new Date(Date.now() + seconds * 1000 + 3_600_000);
      return shown.toISOString().replace(/\.\d+Z/, '+01:00');
    };
    expect(zoned(0)).toMatch(
      new RegExp(`^${headers['X-Send-At']?.replace(/\d/g, '\\d').replace('+', '\\+') ?? ''}$`),
    );
    const due = zoned(2);
    expect((await send(due)).status).toBe(202);
    await bob.received(1);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(due));
    expect(bob.texts).toEqual(['Happy birthday!\n']);
    expect((await send('tomorrow')).status).toBe(400);
  });

  test('a notice that a message was stored', { timeout: 60_000 }, async () => {
    const phone = await run('docs/notices.md', 'SILO_NOTICE_FROM');
    const alice = await phone('alice');
    await alice.message('bob', 'hi', { headers: { Contact: alice.contact } });
    await alice.received(1);
    expect(alice.texts).toEqual(['bob is not there and will get your message later.']);
  });
});

test('the lamps of docs/message-waiting.md on the wire', { timeout: 60_000 }, async () => {
  const page = 'docs/message-waiting.md';
  const port = await freePort();
  const app = await shell('node dist/app.js', {
    SILO_SIP_LISTEN: `127.0.0.1:${port}`,
    SILO_STORE: 'sqlite::memory:',
  });
  await started(app);
  const bob = await Phone.start('bob', { server: { host: '127.0.0.1', port } });
  /** A request as the page shows it. */
  const send = (text: string) => {
    const [head = '', body = ''] = text.split('\n\n');
    const [start = '', ...lines] = head.trimEnd().split('\n');
    const [method = '', uri = ''] = start.split(' ');
    const headers = Object.fromEntries(
      lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]),
    );
    const all = method === 'SUBSCRIBE' ? { ...headers, Contact: bob.contact } : headers;
    return bob.request(method, uri, bob.aor, all, Buffer.from(body.replaceAll('\n', '\r\n')));
  };
  try {
    expect((await send(example(page, 'text', 'SUBSCRIBE'))).status).toBe(200);
    await expect.poll(() => lampOf(bob), { timeout: LONG }).toBe('Messages-Waiting: no\n');
    expect((await bob.message('bob', 'one')).status).toBe(202);
    await expect.poll(() => lampOf(bob), { timeout: LONG }).toBe(example(page, 'text', 'Pager-Message'));
    const answer = await send(example(page, 'text', 'PUBLISH'));
    expect(answer.status).toBe(200);
    expect(answer.header('SIP-ETag')).not.toBe('');
    await expect.poll(() => lampOf(bob), { timeout: LONG }).toContain('\nVoice-Message: 2/1');
    expect(app.stderr).toBe('');
  } finally {
    bob.close();
    await app.stop();
  }
});

test(
  'messages are imported from SQLite, whatever its table and columns are called',
  {
    timeout: 60_000,
  },
  async () => {
    const database = new DatabaseSync(join(project.path, 'kamailio.db'));
    database.exec(createMsiloTable('SQLite', 'kamailio 8', 'offline'));
    database.exec('alter table offline rename column src_addr to sender');
    database.exec('alter table offline rename column body to text');
    database.close();
    const run = await shell(example('docs/importing.md', 'sh', '--table offline'));
    expect((await run.exited).code, run.stderr).toBe(0);
    expect(run.stdout).toContain('sqlite:./kamailio.db, table offline -> sqlite:./silo.db\n0 rows');
    expect(JSON.parse(readFileSync(join(project.path, 'import.json'), 'utf8'))).toMatchObject({
      complete: true,
    });
  },
);

test('users are added as the README and the page of users say', { timeout: 60_000 }, async () => {
  const add = example('README.md', 'sh', 'user list');
  expect(add).toContain(example('docs/users.md', 'sh', 'user add bob').trim());
  writeFileSync(join(project.path, 'password.txt'), 'sesame\n');
  const fromFile = await shell(example('docs/users.md', 'sh', 'password.txt'));
  expect((await fromFile.exited).code, fromFile.stderr).toBe(0);
  const run = await shell(`echo zanzibar | ${add}`);
  expect((await run.exited).code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/^alice@example\.org {2}SHA-256, MD5\nbob@example\.org {4}SHA-256, MD5$/m);
  for (const user of ['alice', 'bob'])
    expect((await (await shell(`npm start -- user remove ${user}@example.org`)).exited).code).toBe(0);
});

describe('examples in TypeScript', () => {
  let own: CompiledBlocks;

  // Inside the package, so that `drachtio-silo` means it, as it does for an app that has it installed.
  beforeAll(() => {
    own = compileBlocks(blocks('ts'), (text) => text.replace('9022', String(front.adminPort)));
  }, 60_000);
  afterAll(() => own.remove());

  function compiled(path: string, words: string): string {
    return own.fileOf({ path, language: 'ts', text: example(path, 'ts', words) });
  }

  /** Starts the app of a page. */
  const run = (path: string, words: string, cwd: string): Promise<RunningProcess> =>
    startProcess(process.execPath, [compiled(path, words)], { cwd, env: clean });

  test('the plugin of the README stores, sends and delivers live', { timeout: 60_000 }, async () => {
    const app = await run('README.md', 'createSilo', project.path);
    const [alice, bob] = [await Phone.start('alice', { server }), await Phone.start('bob', { server })];
    try {
      // Until the app has connected, the front end says 503.
      await expect
        .poll(async () => (await alice.message('bob', 'one')).status, { timeout: 20_000 })
        .toBe(202);
      const answer = await bob.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, {
        Contact: bob.contact,
        Event: 'message-summary',
      });
      expect(answer.status).toBe(200);
      await expect
        .poll(() => lampOf(bob), { timeout: LONG })
        .toBe('Messages-Waiting: yes\nPager-Message: 1/0 (0/0)\n');
      expect((await bob.register({ expires: 600 })).status).toBe(200);
      await bob.received(1);
      expect(bob.texts).toEqual(['one']);
      await expect.poll(() => lampOf(bob), { timeout: LONG }).toBe('Messages-Waiting: no\n');
      await expect.poll(async () => (await alice.message('bob', 'live')).status, { timeout: LONG }).toBe(200);
      bob.react = () => 486;
      expect((await alice.message('bob', 'busy')).status).toBe(202);
      expect(app.stderr).toBe('');
    } finally {
      alice.close();
      bob.close();
      await app.stop();
    }
  });

  test('lamps for whom the proxy has identified', { timeout: 60_000 }, async () => {
    const own = temporaryFolder('silo-docs-lamps');
    const app = await run('docs/message-waiting.md', 'createMwi', own.path);
    const bob = await Phone.start('bob', { server });
    const headers = { Contact: bob.contact, Event: 'message-summary' };
    const subscribe = async (more: Record<string, string>): Promise<number> =>
      (await bob.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, { ...headers, ...more })).status;
    try {
      await expect.poll(() => subscribe({}), { timeout: 20_000 }).toBe(403);
      expect(await subscribe({ 'P-Asserted-Identity': `<sip:${bob.aor}>` })).toBe(200);
      await expect.poll(() => lampOf(bob), { timeout: LONG }).toBe('Messages-Waiting: no\n');
      expect((await bob.message('bob', 'a note to myself')).status).toBe(202);
      await expect.poll(() => lampOf(bob), { timeout: LONG }).toContain('Pager-Message: 1/0');
      expect(app.stderr).toBe('');
    } finally {
      bob.close();
      await app.stop();
      own.remove();
    }
  });

  test('users whom a function of the host app knows', { timeout: 60_000 }, async () => {
    const own = temporaryFolder('silo-docs-users');
    const app = await run('docs/users.md', 'createAuth', own.path);
    const bob = await Phone.start('bob', { server, login: login('bob', 'zanzibar') });
    const carol = await Phone.start('carol', { server, login: login('carol', 'zanzibar') });
    const thief = await Phone.start('carol', { server, login: login('bob', 'zanzibar') });
    try {
      await expect.poll(async () => (await bob.register()).status, { timeout: 20_000 }).toBe(200);
      expect((await carol.register()).status).toBe(401);
      expect((await thief.register()).status).toBe(403);
      expect(app.stderr).toBe('');
    } finally {
      for (const phone of [bob, carol, thief]) phone.close();
      await app.stop();
      own.remove();
    }
  });

  test('an app of your own that asks who asks, and counts', { timeout: 60_000 }, async () => {
    const own = temporaryFolder('silo-docs-closed');
    const store = await openStore(`sqlite:${join(own.path, 'silo.db')}`);
    for (const user of ['bob@example.org', 'boss@example.org'])
      await store.putSubscriber(subscriberOf(user, 'zanzibar'));
    await store.close();
    const app = await run('docs/security.md', 'createTrust', own.path);
    const bob = await Phone.start('bob', { server, login: login('bob', 'zanzibar') });
    const boss = await Phone.start('boss', { server, login: login('boss', 'zanzibar') });
    const thief = await Phone.start('bob', { server, login: login('boss', 'zanzibar') });
    const watch = (phone: Phone, mailbox: string) =>
      phone.request('SUBSCRIBE', `sip:${mailbox}`, mailbox, {
        Contact: phone.contact,
        Event: 'message-summary',
      });
    try {
      await expect.poll(async () => (await boss.message('bob', 'one')).status, { timeout: 20_000 }).toBe(202);
      expect((await thief.register()).status).toBe(403);
      expect((await thief.message('boss', 'as bob')).status).toBe(403);
      expect((await bob.register()).status).toBe(200);
      await bob.received(1);
      expect((await watch(boss, 'sales@example.org')).status).toBe(200);
      expect((await watch(bob, 'sales@example.org')).status).toBe(403);
      expect(app.stderr).toBe('');
    } finally {
      for (const phone of [bob, boss, thief]) phone.close();
      await app.stop();
      own.remove();
    }
  });

  test('a copy for the archive, with all that can become of it', async () => {
    const module: unknown = await import(pathToFileURL(compiled('docs/storing.md', 'archive')).href);
    const { archive } = module as { archive: (silo: Pick<Silo, 'store'>, req: object) => Promise<string> };
    const silo = (result: object): Pick<Silo, 'store'> => ({ store: () => Promise.resolve(result as never) });
    expect(await archive(silo({ result: 'stored', box: 'archive@example.org' }), {})).toBe(
      'archive@example.org has it',
    );
    expect(await archive(silo({ result: 'refused', status: 413, reason: 'too large' }), {})).toBe(
      '413 too large',
    );
  });

  test('dead letters are sent again', async () => {
    const module: unknown = await import(pathToFileURL(compiled('docs/operating.md', 'again')).href);
    const { again } = module as { again: (silo: object, box: string) => Promise<number> };
    const asked: unknown[] = [];
    const deadLetters = {
      list: (query: unknown) => Promise.resolve([asked.push(query), { id: 7 }].slice(1)),
      replay: (ids: readonly number[]) => Promise.resolve(asked.push(ids)),
    };
    expect(await again({ deadLetters }, 'bob@example.org')).toBe(2);
    expect(asked).toEqual([{ box: 'bob@example.org' }, [7]]);
  });

  async function exported(path: string, name: string): Promise<unknown> {
    const module = (await import(pathToFileURL(compiled(path, name)).href)) as Record<string, unknown>;
    return module[name];
  }

  test('reminders are set and taken back', async () => {
    const inAnHour = (await exported('docs/reminders.md', 'inAnHour')) as (
      silo: object,
      req: object,
    ) => unknown;
    const takeBack = (await exported('docs/reminders.md', 'takeBack')) as typeof inAnHour;
    const asked: unknown[] = [];
    const silo = {
      store: (_: object, { sendAt }: { sendAt: Date }) => {
        asked.push(Math.round((sendAt.getTime() - Date.now()) / 60_000));
        return Promise.resolve({ status: 202 });
      },
      reminders: {
        list: (query: unknown) => Promise.resolve([asked.push(query), { id: 7 }].slice(1)),
        cancel: (ids: readonly number[]) => Promise.resolve(asked.push(ids)),
      },
    };
    expect(await inAnHour(silo, {})).toBe(202);
    await takeBack(silo, 'bob@example.org' as never);
    expect(asked).toEqual([60, { box: 'bob@example.org' }, [7]]);
  });

  test('notices and headers by function', async () => {
    const message = { box: 'bob@example.org', incTime: Math.floor(Date.now() / 1000) - 60 } as never;
    const { noticeBody } = (await exported('docs/notices.md', 'notices')) as SiloOptions;
    const { extraHeaders } = (await exported('docs/dumping.md', 'marked')) as SiloOptions;
    if (typeof noticeBody !== 'function' || typeof extraHeaders !== 'function')
      throw new Error('the examples are no functions');
    expect(noticeBody(message, 5)).toBe('Kept for bob@example.org as number 5.');
    expect(noticeBody({ box: 'alarms@example.org' } as never, 5)).toBeUndefined();
    expect(extraHeaders(message, { userAgent: 'desk/1' } as never)).toEqual({
      'X-Waited': expect.stringMatching(/^6\d$/) as string,
      'X-Sent-To': 'desk/1',
    });
  });

  test('every event is told', async () => {
    const watch = (await exported('docs/notices.md', 'watch')) as (
      silo: object,
      tell: (line: string) => void,
    ) => void;
    const events = createEvents();
    const lines: string[] = [];
    watch({ events }, (line) => lines.push(line));
    const end = { box: 'b@x', key: 'k', status: 603, reason: 'because' };
    events.emit('stored', { box: 'b@x', key: 'k', id: 1 });
    for (const outcome of ['delivered', 'expired', 'dead', 'erased'] as const satisfies (keyof SiloEvents)[])
      events.emit('ended', { ...end, outcome });
    events.emit('refused', { status: 480, reason: 'full' });
    expect(lines).toEqual([
      'stored for b@x as 1',
      'delivered to b@x: 603',
      'expired for b@x, from ?',
      'undeliverable to b@x: 603 because',
      'erased for b@x: because',
      'refused: 480 full',
    ]);
  });

  test('counters become a metrics page', async () => {
    const metrics = (await exported('docs/operating.md', 'metrics')) as (silo: object) => Promise<string>;
    const counts = { stored: 4, delivered: 2, expired: 1, dead: 1, erased: 0, attempts: { '200': 2 } };
    const text = await metrics({ statistics: () => counts, health: () => Promise.resolve({ ok: true }) });
    expect(text.split('\n')).toEqual([
      'silo_up 1',
      'silo_stored_total 4',
      'silo_delivered_total 2',
      'silo_expired_total 1',
      'silo_dead_total 1',
      'silo_erased_total 0',
      'silo_attempts_total{status="200"} 2',
    ]);
  });

  test('dead nodes are named', async () => {
    const module: unknown = await import(pathToFileURL(compiled('docs/operating.md', 'dead(silo')).href);
    const { dead } = module as { dead: (silo: object) => Promise<string[]> };
    const nodes = () =>
      Promise.resolve([
        { node: 'one', state: 'alive' },
        { node: 'two', state: 'dead' },
      ]);
    expect(await dead({ nodes: { list: nodes } })).toEqual(['two']);
  });

  test('boxes of a store are listed by a program that serves no SIP', async () => {
    const run = await startProcess(process.execPath, [compiled('docs/operations.md', "order: 'oldest'")], {
      env: { ...clean, SILO_STORE: 'sqlite::memory:' },
    });
    expect(await run.exited).toEqual({ code: 0, signal: null });
    expect(run.stderr).toBe('');
  });

  test('warnings for a host app', async () => {
    const run = await startProcess(process.execPath, [compiled('docs/operating.md', 'call ${callId}')], {
      env: clean,
    });
    expect(await run.exited).toEqual({ code: 0, signal: null });
    expect(run.stderr).toBe('');
  });
});

describe('with a drachtio-server and MySQL', needing(mariadbMissing()), () => {
  let mariadb: TestMariaDb;
  beforeAll(async () => {
    mariadb = await startMariaDb();
  });
  afterAll(() => mariadb.stop());

  async function sql(text: string, database = ''): Promise<unknown> {
    const connection = await createConnection({ uri: mariadb.url(database), multipleStatements: true });
    try {
      return (await connection.query(text))[0];
    } finally {
      await connection.end();
    }
  }
  const withPorts = (text: string): string =>
    text.replaceAll('3306', String(mariadb.port)).replaceAll('9022', String(front.adminPort));

  test('a database is made, and the schema by hand', { timeout: 60_000 }, async () => {
    await sql(example('docs/stores.md', 'sql', 'create database'));
    const commands = example('docs/stores.md', 'sh', 'mysql');
    // The client's name where Debian has only MariaDB's.
    const client = findCommand('mysql') === undefined ? 'mysql() { mariadb "$@"; }\n' : '';
    const run = await shell(`${client}${commands}`, { MYSQL_TCP_PORT: String(mariadb.port) });
    expect((await run.exited).code, run.stderr).toBe(0);
    // The first and the last step: none is missing.
    for (const table of ['silo', 'mwi_subscription'])
      expect(await sql(`show tables like "${table}"`, 'silo')).toHaveLength(1);
    await sql(example('docs/stores.md', 'sql', 'silo_app'));
  });

  test('the app starts on it, and delivers what a Kamailio inserts', { timeout: 90_000 }, async () => {
    const app = await shell(withPorts(example('README.md', 'sh', 'SILO_STORE=mysql')));
    const bob = await Phone.start('bob', { server });
    try {
      expect(await started(app)).toContain(`store mysql://127.0.0.1:${mariadb.port}/silo`);
      await sql(example('docs/stores.md', 'sql', 'insert into silo'), 'silo');
      expect((await bob.register({ expires: 600 })).status).toBe(200);
      await bob.received(1);
      expect(bob.texts).toEqual(['Hello from Kamailio']);
      const ledger = example('docs/operating.md', 'sql', 'silo_ledger');
      await expect
        .poll(() => sql(ledger, 'silo'), { timeout: LONG })
        .toEqual([{ outcome: 'delivered', 'count(*)': 1 }]);
      expect(await sql(example('docs/operating.md', 'sql', 'silo_dead'), 'silo')).toEqual([]);
      const nodes = await sql(example('docs/operating.md', 'sql', 'silo_node'), 'silo');
      expect(nodes).toMatchObject([{ node: hostname(), state: 'alive' }]);
    } finally {
      bob.close();
      await interrupt(app);
    }
  });

  test('the app on a database that requires TLS', needing(opensslMissing()), async () => {
    const db = await startSecureMariaDb();
    const command = example('docs/database.md', 'sh', 'SILO_STORE_CA');
    const app = await shell(
      command.replace(/mysql:\S+/, db.url).replace('/etc/silo/ca.pem', db.authority.ca),
      { SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` },
    );
    expect(await started(app)).toContain('store mysql://127.0.0.1');
    await interrupt(app);
    await db.stop();
  });

  test('the table is given the version that a Kamailio wants, and may be given it again', async () => {
    const version = example('docs/beside-kamailio.md', 'sql', 'version');
    await sql(version, 'silo');
    await sql(version, 'silo');
    expect(await sql('select table_version from version where table_name = "silo"', 'silo')).toEqual([
      { table_version: 8 },
    ]);
  });

  test('messages of a Kamailio are imported, after a dry run', { timeout: 90_000 }, async () => {
    const page = 'docs/importing.md';
    await sql(
      `create database kamailio; create user kamailio@'127.0.0.1' identified by 'secret';
       grant select on kamailio.* to kamailio@'127.0.0.1'; create database if not exists silo;
       grant all privileges on silo.* to silo@'127.0.0.1' identified by 'secret'`,
    );
    await sql(createMsiloTable('MariaDB', 'kamailio 8', 'silo'), 'kamailio');
    const connection = await createConnection(mariadb.url('kamailio'));
    const insert = (row: MsiloRow) => connection.query('insert into silo set ?', [aRow(row)]);
    const cpim = 'From: <sip:alice@example.org>\r\n\r\nContent-Type: text/plain\r\n\r\nhello';
    await insert({});
    await insert({ body: Buffer.from(cpim) });
    await insert({ extra_hdrs: 'X-One: 1\r\nP-Charging-Vector: x\r\n' });
    await insert({ snd_time: Math.floor(Date.now() / 1000) + 600 });
    await insert({ inc_time: 1_599_990_000, exp_time: 1_600_000_000 });
    await insert({ body: Buffer.from([0xff, 0xfe]) });
    await insert({ username: '' });
    await connection.end();

    const command = withPorts(example(page, 'sh', '--dry-run'));
    const dry = await shell(command);
    // Two rows are refused, and the exit code says so.
    expect((await dry.exited).code, dry.stderr).toBe(2);
    expect(dry.stdout).toMatch(/^would import +4$/m);
    const run = await shell(command.replace('--dry-run', ''));
    expect((await run.exited).code, run.stderr).toBe(2);
    const timeless = (text: string) => text.replace(/in [\d.]+ s, [\d,]+ a second/, 'in no time');
    expect(timeless(run.stdout)).toContain(timeless(withPorts(example(page, 'text', 'imported '))));
  });

  test('the app starts with a file of options', { timeout: 60_000 }, async () => {
    const options = JSON.parse(withPorts(example('docs/operating.md', 'json', 'store'))) as object;
    const file = { ...options, drachtioPort: front.adminPort };
    writeFileSync(join(project.path, 'silo.json'), JSON.stringify(file));
    const app = await shell(example('docs/operating.md', 'sh', 'SILO_CONFIG'));
    expect(await started(app)).toContain(`store mysql://127.0.0.1:${mariadb.port}/silo`);
    await interrupt(app);
  });
});

describe('all of it', () => {
  test('no example is left out', () => {
    const drawings = ['docs/architecture.md', 'docs/behind-kamailio.md']
      .flatMap((path) => blocks('text', path))
      .map(nameOf);
    // first-hour.test.ts, http.test.ts, programs.test.ts and log.test.ts play these, and tests with the names of the other pages.
    const elsewhere =
      /^docs\/(first-hour|http|programs|backing-up|upgrading|troubleshooting|erasing-a-person)\.md|SILO_LOG=json|"callId":"c7"|function logTo/;
    const here = (block: Block): boolean => !elsewhere.test(nameOf(block));
    const all = LANGUAGES.flatMap((language) => blocks(language).filter(here)).map(nameOf);
    const left = all.filter((name) => !tested.has(name) && !drawings.includes(name));
    const needDatabase = /mysql|\(sql\)|SILO_CONFIG/;
    expect(left.filter((name) => mariadbMissing() === undefined || !needDatabase.test(name))).toEqual([]);
  });

  test('every fenced block says what it is', () => {
    for (const block of blocks('')) expect.fail(`a block without a language in ${nameOf(block)}`);
  });
});
