/** docs/from-kamailio.md has one row for everything that msilo has, and each row names what exists. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONFIGURABLE } from '../../lib/config/config.ts';
import { variableOf } from '../../lib/options/listing.ts';
import * as face from '../../lib/index.ts';
import { createEvents } from '../../lib/silo/state/events.ts';
import { createStatistics } from '../../lib/silo/state/statistics.ts';
import type { Silo, SiloEvents, StoreOverrides } from '../../lib/index.ts';
import { MESSAGE_COLUMNS } from '../../lib/stores/shared/rows.ts';
import { schemaSteps } from '../../lib/stores/shared/migrate.ts';
import { pages, root } from './pages.ts';

/** What the two modules export, written down from their sources: Kamailio's of schema version 8, OpenSIPS' of version 6. */
const BOTH = {
  Parameters: [
    ...['db_url', 'db_table', 'from_address', 'contact_hdr', 'offline_message', 'content_type_hdr'],
    ...['reminder', 'outbound_proxy', 'expire_time', 'check_time', 'send_time', 'clean_period'],
    ...['use_contact', 'add_date', 'max_messages', 'snd_time_avp'],
    ...['sc_mid', 'sc_from', 'sc_to', 'sc_uri_user', 'sc_uri_host', 'sc_body', 'sc_ctype'],
    ...['sc_exp_time', 'sc_inc_time', 'sc_snd_time'],
  ],
  Functions: ['m_store', 'm_dump'],
  Statistics: [
    ...['stored_messages', 'dumped_messages', 'dumped_reminders'],
    ...['failed_messages', 'failed_reminders'],
  ],
  Columns: [
    ...['id', 'src_addr', 'dst_addr', 'username', 'domain', 'inc_time', 'exp_time', 'snd_time'],
    ...['ctype', 'body'],
  ],
} as const;
const KAMAILIO: Record<keyof typeof BOTH, readonly string[]> = {
  Parameters: [
    ...['extra_hdrs', 'add_contact', 'extra_hdrs_avp', 'skip_notification_flag', 'use_mode'],
    ...['sc_stored_hdrs', 'sc_callid', 'sc_status'],
  ],
  Functions: ['m_store_addrs', 'mstore', 'mstore_uri', 'mstore_addrs', 'mdump', 'mdump_uri', 'bind_msilo'],
  Statistics: [],
  Columns: ['extra_hdrs', 'callid', 'status'],
};
const OPENSIPS: typeof KAMAILIO = {
  Parameters: [],
  Functions: ['m_dump(owner, maxmsg)'],
  Statistics: [],
  Columns: [],
};

/** The compiler keeps these lists complete. */
const SILO = {
  onRegister: true,
  registered: true,
  onMessage: true,
  onLive: true,
  onFailure: true,
  submit: true,
  store: true,
  dump: true,
  reminders: true,
  boxes: true,
  messages: true,
  devices: true,
  bindings: true,
  nodes: true,
  persons: true,
  quarantine: true,
  delivered: true,
  deadLetters: true,
  events: true,
  statistics: true,
  health: true,
  start: true,
  close: true,
} satisfies Record<keyof Silo, true>;
const OVERRIDES = {
  owner: true,
  from: true,
  to: true,
  expires: true,
  sendAt: true,
  live: true,
  headers: true,
  onlyHeaders: true,
  skipNotice: true,
} satisfies Record<keyof StoreOverrides, true>;
const EVENTS = {
  stored: true,
  ended: true,
  delivered: true,
  expired: true,
  dead: true,
  erased: true,
  moved: true,
  attempt: true,
  leaseLost: true,
  forget: true,
  refused: true,
} satisfies Record<keyof SiloEvents, true>;

interface Row {
  readonly section: string;
  readonly name: string;
  readonly of: string;
  readonly here: string;
  readonly why: string;
  readonly test: string;
}

const page = pages().find(({ path }) => path === 'docs/from-kamailio.md')?.text ?? '';
const rows: readonly Row[] = page.split(/^## /m).flatMap((part) => {
  const [section = ''] = part.split('\n', 1);
  return [...part.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, name = '', rest = '']) => {
    const [of = '', here = '', why = '', last = ''] = rest.split(' | ');
    return { section, name, of, here, why, test: last };
  });
});

describe.each(['Parameters', 'Functions', 'Statistics', 'Columns'] as const)('%s of msilo', (section) => {
  const of = (whose: string) =>
    rows
      .filter((row) => row.section === section && row.of === whose)
      .map(({ name }) => name)
      .sort();

  test('have one row each, and it says whose they are', () => {
    expect(of('K, O')).toEqual([...BOTH[section]].sort());
    expect(of('K')).toEqual([...KAMAILIO[section]].sort());
    expect(of('O')).toEqual([...OPENSIPS[section]].sort());
  });
});

test.each(rows)('$section: $name says what it is here, and why', ({ here, why }) => {
  expect(here).not.toBe('');
  expect(why).toMatch(/\.$/);
  const said = `${here} ${why}`;
  const options = [...CONFIGURABLE.keys()].map(variableOf);
  for (const [option] of said.matchAll(/\bSILO_[A-Z_]+\b/g)) expect(options).toContain(option);
  for (const [, member = ''] of said.matchAll(/\bsilo\.(\w+)/g)) expect(SILO).toHaveProperty(member);
  for (const [, names = ''] of said.matchAll(/silo\.store\(req, \{ (.*?) \}\)/g))
    for (const name of names.split(', ')) expect(OVERRIDES).toHaveProperty(name);
  for (const [, factory = ''] of said.matchAll(/`(create\w+)`/g)) expect(face).toHaveProperty(factory);
});

test.each(rows)('$section: $name is covered by a test that exists', ({ test: files }) => {
  const named = [...files.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
  expect(named).not.toEqual([]);
  for (const file of named) expect(existsSync(join(root, file)), file).toBe(true);
});

test('an option that msilo has under another name stands in the row of that name', () => {
  const named = [...CONFIGURABLE].flatMap(([key, { msilo }]) =>
    msilo === undefined ? [] : [{ key, msilo }],
  );
  for (const { key, msilo } of named) {
    const row = rows.find(({ section, name }) => section === 'Parameters' && name === msilo.split(' ', 1)[0]);
    expect(`${row?.here} ${row?.why}`, msilo).toContain(`\`${variableOf(key)}`);
  }
  expect(named.length).toBeGreaterThan(10);
});

test('the counters and events that stand for statistics exist', () => {
  const counters = createStatistics(
    createEvents(),
    () => 0,
    () => 0,
  )();
  for (const { here } of rows.filter(({ section }) => section === 'Statistics')) {
    const [, counter] = /^`silo\.statistics\(\)`: (\w+)/.exec(here) ?? [];
    if (counter !== undefined) expect(counters).toHaveProperty(counter);
    const events = [...here.matchAll(/`(\w+)`/g)].map(([, event = '']) => event);
    expect([counter, ...events].filter((name) => name !== undefined)).not.toEqual([]);
    for (const event of events) expect(EVENTS).toHaveProperty(event);
  }
});

test('the columns are still called that', () => {
  const schema = schemaSteps('mysql').map(({ statements }) => statements.join('\n'));
  const known = new Set([...MESSAGE_COLUMNS.split(', '), 'username', 'domain', 'status']);
  for (const { name, here } of rows.filter(({ section }) => section === 'Columns')) {
    expect(here).toBe(`\`${name}\``);
    expect(known).toContain(name);
    expect(schema[0]).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
});
