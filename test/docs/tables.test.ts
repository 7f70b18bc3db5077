/** What the documentation says in tables and figures is what the code says. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONFIGURABLE } from '../../lib/config/config.ts';
import { textOf } from '../../lib/base/errors.ts';
import { defaultOf, meaningOf, variableOf } from '../../lib/options/listing.ts';
import type { SipRequest } from '../../lib/sip/drachtio/messages.ts';
import { messageOf } from '../../lib/silo/receive/message-of-request.ts';
import { drachtioOptions } from '../../lib/sip/options.ts';
import { SILO_DEFAULTS } from '../../lib/silo/state/options.ts';
import { fill } from '../../lib/silo/state/template.ts';
import { backoff } from '../../lib/silo/state/retry-times.ts';
import { statusForSender, storable, verdictOf } from '../../lib/silo/state/outcome.ts';
import type { NewMessage } from '../../lib/stores/contract/message.ts';
import { schemaSteps } from '../../lib/stores/shared/migrate.ts';
import { FIXTURES } from '../support/kamailio.ts';
import { developerPages, marked, pages, root } from './pages.ts';

test('the table of docs/options.md is the schema of the options', () => {
  const rows = [...CONFIGURABLE].map(
    ([key, option]) => `| \`${variableOf(key)}\` | ${defaultOf(option)} | ${meaningOf(option)} |\n`,
  );
  const table = `\n| option | default | meaning |\n| --- | --- | --- |\n${rows.join('')}\n`;
  expect(marked('docs/options.md', 'options', table)).toBe(table);
});

test('docs/limits.md has each limit with its default', () => {
  const rows = [...CONFIGURABLE]
    .filter(([key]) => key.startsWith('limit'))
    .map(([key, option]) => `| \`${variableOf(key)}\` | ${defaultOf(option)} | ${meaningOf(option)} |\n`);
  const table = `\n| option | default | meaning |\n| --- | --- | --- |\n${rows.join('')}\n`;
  expect(marked('docs/limits.md', 'limits', table)).toBe(table);
});

describe('the outcomes table', () => {
  /** Every status on its own where it differs from its class. */
  const usual: Readonly<Record<number, string>> = Object.fromEntries(
    [2, 3, 4, 5, 6].map((digit) => [digit, meaning(digit * 100 + 99)]),
  );
  const own = [...range(200, 699)].filter((status) => meaning(status) !== usual[Math.floor(status / 100)]);

  function meaning(status: number): string {
    const told = statusForSender(status);
    const back = told === status ? 'goes back' : `goes back as ${told}`;
    const live = status < 300 ? 'the sender gets 200' : storable(status) ? 'stored' : back;
    return `${verdictOf({ status, origin: 'peer' })} | ${live}`;
  }

  test('has a row for each status that is special, and one for each class', () => {
    const silent = verdictOf({ status: 408, origin: 'stack' });
    const unsendable = verdictOf({ status: 400, origin: 'local', failure: 'unsendable' });
    const rows = [
      ...own.map((status) => `| ${status} | ${meaning(status)} |\n`),
      ...Object.entries(usual).map(
        ([digit, text]) => `| ${digit === '2' || digit === '3' ? '' : 'other '}${digit}xx | ${text} |\n`,
      ),
      `| no answer | ${silent} | ${storable(408) && storable(503) ? 'stored' : 'goes back'} |\n`,
      `| can't be sent | ${unsendable} | refused |\n`,
    ];
    const table = `\n| answer | from the box | live |\n| --- | --- | --- |\n${rows.join('')}\n`;
    expect(marked('docs/outcomes.md', 'outcomes', table)).toBe(table);
  });
});

function* range(first: number, last: number): Generator<number> {
  for (let number = first; number <= last; number++) yield number;
}

test('the pauses between retries are those that docs/dumping.md names', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempts) => backoff(attempts, () => 0.5));
  expect(pauses).toEqual([30, 120, 300, 600, 1800, 3600, 3600]);
  expect(backoff(1, () => 0)).toBe(24);
  expect(backoff(1, () => 1)).toBe(36);
  const page = textOfPage('docs/dumping.md');
  expect(page).toContain(
    'after 30 seconds, then 2, 5, 10 and 30 minutes, then every hour, each give or take 20 percent',
  );
  expect(page).toContain(`After \`SILO_MAX_ATTEMPTS\` (${SILO_DEFAULTS.maxAttempts}) such answers`);
});

test('the sizes and times of docs/storing.md are those of the code', () => {
  const page = textOfPage('docs/storing.md');
  for (const refusal of [refusalOf(20_000, 0), refusalOf(1, 9_000)]) {
    const most = Number(/at most (\d+) can be delivered/.exec(refusal)?.[1]);
    expect(page).toContain(most.toLocaleString('en'));
  }
  expect(page).toContain(`\`SILO_EXPIRE_TIME\` (${SILO_DEFAULTS.expireTime / 86_400} days)`);
  expect(page).toContain(`\`SILO_KEEP_LEDGER\` (${SILO_DEFAULTS.keepLedger / 86_400} days)`);
  const dumping = textOfPage('docs/dumping.md');
  expect(dumping).toContain(`\`SILO_KEEP_DEAD\` (${SILO_DEFAULTS.keepDead / 86_400} days)`);
  expect(dumping).toContain(`\`SILO_MAX_LANES\` (${SILO_DEFAULTS.maxLanes})`);
  expect(dumping).toContain(`\`DRACHTIO_MAX_UNANSWERED\` (${drachtioOptions.defaults.maxUnanswered})`);
});

test('the times and numbers of the pages on devices, reminders and notices are those of the code', () => {
  const { deviceMemory, newDeviceAge, maxSendAhead, sendAtZone } = SILO_DEFAULTS;
  const devices = textOfPage('docs/devices.md');
  expect(devices).toContain(`\`SILO_DEVICE_MEMORY\` (${deviceMemory / 86_400} days)`);
  expect(devices).toContain(`\`SILO_NEW_DEVICE_AGE\` (${newDeviceAge / 86_400} days)`);
  const reminders = textOfPage('docs/reminders.md');
  expect(reminders).toContain(`\`SILO_MAX_SEND_AHEAD\` (${maxSendAhead / 86_400} days)`);
  expect(reminders).toContain(`\`SILO_SEND_AT_ZONE\` (${sendAtZone})`);
  const notices = textOfPage('docs/notices.md');
  expect([SILO_DEFAULTS.noticeInterval, SILO_DEFAULTS.receiptExpireTime]).toEqual([3600, 86_400]);
  expect(notices).toContain('`SILO_NOTICE_INTERVAL` (an hour)');
  expect(notices).toContain('`SILO_RECEIPT_EXPIRE_TIME` (a day)');
  expect(notices).toContain(`\`SILO_NOTICE_RATE\` (${SILO_DEFAULTS.noticeRate})`);
  expect(notices).toContain(`\`SILO_MAX_RECEIPTS\` (${SILO_DEFAULTS.maxReceipts})`);
});

test('the variables of docs/dumping.md are those that are filled in', () => {
  const page = pages().find(({ path }) => path === 'docs/dumping.md')?.text ?? '';
  const named = [...page.matchAll(/^\| (`\{.*\}`) \|/gm)].flatMap(
    ([, names = '']) => names.match(/\w+/g) ?? [],
  );
  const message = {
    box: 'a@b',
    srcAddr: '',
    dstAddr: '',
    key: '',
    callId: '',
    incTime: 1,
    expTime: 1,
    sendTime: 0,
  };
  for (const name of named) expect(fill(`{${name}}`, message as NewMessage, 1)).not.toBe(`{${name}}`);
  const source = readFileSync(join(root, 'lib/silo/state/template.ts'), 'utf8');
  const known = [...source.matchAll(/^ {4}(\w+): /gm)].map(([, name = '']) => name);
  expect(new Set(named)).toEqual(new Set(known));
});

/** Why a message of this size is refused. */
function refusalOf(body: number, header: number): string {
  const text = 'x'.repeat(body);
  const headers = new Map([
    ['from', '<sip:alice@example.org>;tag=1'],
    ['to', '<sip:bob@example.org>'],
    ['content-type', 'text/plain'],
    ['content-length', String(body)],
    ['call-id', '1'],
  ]);
  const raw = `MESSAGE sip:bob@example.org SIP/2.0\r\nX-Long: ${'x'.repeat(header)}\r\n\r\n${text}`;
  const request = {
    method: 'MESSAGE',
    uri: 'sip:bob@example.org',
    raw,
    get: (name: string) => headers.get(name.toLowerCase()),
  } as unknown as SipRequest;
  try {
    messageOf(request, SILO_DEFAULTS, 0);
  } catch (error) {
    return textOf(error);
  }
  return 'it was not refused';
}

test('docs/stores.md names every table', () => {
  const page = pages().find(({ path }) => path === 'docs/stores.md')?.text ?? '';
  const tables = ['sqlite', 'mysql'].flatMap((dialect) =>
    schemaSteps(dialect as 'sqlite' | 'mysql').flatMap(({ statements }) =>
      statements.flatMap((text) => /^create table if not exists (\w+)/.exec(text)?.[1] ?? []),
    ),
  );
  const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, table = '']) => table);
  expect(new Set(named)).toEqual(new Set([...tables, 'silo_schema']));
});

test('docs/tls.md shows the configuration of drachtio-server that is tested', () => {
  const shown = `\n\`\`\`xml\n${readFileSync(join(root, 'test/fixtures/drachtio/tls.xml'), 'utf8')}\`\`\`\n\n`;
  expect(marked('docs/tls.md', 'tls', shown)).toBe(shown);
});

describe('the configurations of Kamailio', () => {
  const read = (name: string) => readFileSync(join(root, FIXTURES, name), 'utf8');

  test.each([
    ['docs/beside-kamailio.md', 'side-by-side'],
    ['docs/behind-kamailio.md', 'behind'],
  ])('%s shows the one that is tested', (path, name) => {
    const shown = `\n\`\`\`kamailio\n${read(`${name}.cfg`)}\`\`\`\n\n`;
    expect(marked(path, name, shown)).toBe(shown);
  });

  test('the failure route stores what the application would store', () => {
    const pattern = /t_check_status\("(.*)"\)/.exec(read('behind.cfg'))?.[1] ?? '';
    for (const status of range(300, 699))
      expect(new RegExp(`^(${pattern})$`).test(String(status)), String(status)).toBe(storable(status));
  });
});

test('every option that a page names exists', () => {
  const known = new Set([
    ...[...CONFIGURABLE.keys()].map(variableOf),
    'SILO_CONFIG',
    'DRACHTIO_BIN',
    // Of the tests that run against a real drachtio-server.
    'SILO_CONFORMANCE_DRACHTIO',
    'SILO_CONFORMANCE_WORKERS',
    'SILO_CONFORMANCE_SIP',
    'SILO_CONFORMANCE_ADMIN',
    'SILO_CONFORMANCE_SECRET',
    'SILO_CONFORMANCE_RESTART',
    // Codes of errors.
    'SILO_CONFLICT',
    'SILO_REFUSED',
    'SILO_USAGE',
  ]);
  for (const { path, text } of pages())
    for (const [name] of text.matchAll(/\b(?:SILO|DRACHTIO)_[A-Z_]+\b/g)) expect(known, path).toContain(name);
});

test('every file and page that a page names exists', () => {
  for (const { path, text } of [...pages(), ...developerPages()]) {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) =>
      join(dirname(path), link),
    );
    const files = [
      ...text.matchAll(/(?<!\/)\b(?:lib|test|sql|docs|scripts|bench|examples)\/[\w./-]*\w/g),
    ].map(([file]) => file);
    for (const file of [...links, ...files])
      expect(existsSync(join(root, file)), `${file} in ${path}`).toBe(true);
  }
});

test('the architecture leads to every decision', () => {
  const architecture = textOfPage('docs/architecture.md');
  for (const { path } of developerPages().filter((page) => page.path.startsWith('docs/')))
    expect(architecture).toContain(`(${path.replace('docs/', '')})`);
});

/** With line ends as blanks: where a line breaks is no matter of content. */
function textOfPage(path: string): string {
  return (pages().find((page) => page.path === path)?.text ?? '').replace(/\s+/g, ' ');
}
