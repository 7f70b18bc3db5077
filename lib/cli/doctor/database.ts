/** What `doctor` says of the database. */
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { textOf } from '../../base/errors.ts';
import { accessOf, type MysqlAccess } from '../../stores/access.ts';
import { mysqlFacts, sqliteFacts, type MysqlFacts } from '../../stores/operate/facts.ts';
import { readSchema } from '../../stores/operate/schema.ts';
import { notesOf, type Finding, type Notes } from './finding.ts';
import { lookAtDisk, lookAtMode } from './files.ts';

/** Seconds by which clocks may differ: leases are a matter of seconds, and go by the clock of the database. */
const CLOCK_WARN = 2;
const CLOCK_FAIL = 30;

type Settings = Config['store'];

export async function databaseFindings(store: Settings): Promise<readonly Finding[]> {
  const notes = notesOf('database');
  const path = /^sqlite:(.+)$/s.exec(store.url)?.[1];
  if (path === undefined) {
    const access = accessOf(store.url, store);
    if (access) await mysql(access, store, notes);
    else
      notes.fail(
        'SILO_STORE',
        'it is the URL of no store',
        'Set it to sqlite:<path> or mysql://user:password@host/database.',
      );
  } else await sqlite(path, store, notes);
  return notes.list;
}

async function mysql(access: MysqlAccess, store: Settings, notes: Notes): Promise<void> {
  let facts: MysqlFacts;
  try {
    facts = await mysqlFacts(access);
  } catch (error) {
    notes.fail('reachable', whyOf(error), adviceOf(textOf(error)));
    return;
  }
  const { host, version, supported, cipher, ahead, lacks, risks } = facts;
  notes.ok('reachable', `${access.name}, by way of ${host}`);
  if (supported) notes.ok('server version', version);
  else notes.fail('server version', version, 'Wanted is MySQL 8 or MariaDB 10.6, or newer.');
  if (cipher !== '') notes.ok('TLS', cipher);
  else if (isHere(host)) notes.ok('TLS', 'in the clear, on this host');
  else
    notes.warn(
      'TLS',
      `what goes to ${host} goes in the clear`,
      'Name the CA of the database in SILO_STORE_CA (docs/database.md), unless the network between is yours alone.',
    );
  clock(ahead, notes);
  if (risks.length === 0) notes.ok('durability', 'a commit is on disk when it is acknowledged');
  for (const risk of risks) notes.warn('durability', ...cutInTwo(risk));
  if (lacks.length === 0)
    notes.ok('rights', facts.mayMigrate ? 'all, to make tables too' : 'select, insert, update, delete');
  else
    notes.fail(
      'rights',
      `the user ${access.account.user} lacks ${some(lacks)}`,
      'Grant select, insert, update and delete on the database to it (docs/stores.md).',
    );
  await schema(store, facts.mayMigrate, notes);
}

function clock(ahead: number, notes: Notes): void {
  const off = Math.abs(ahead);
  const found = `${off < 0.1 ? 'less than 0.1' : off.toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} this host`;
  const advice = 'Let both hosts keep the time (NTP): leases and expiry go by it.';
  if (off >= CLOCK_FAIL) notes.fail('clock', found, advice);
  else if (off >= CLOCK_WARN) notes.warn('clock', found, advice);
  else notes.ok('clock', found);
}

async function schema(store: Settings, mayMigrate: boolean, notes: Notes): Promise<void> {
  try {
    const { steps, newer, lacks, byHand } = await readSchema(store.url, store);
    const missing = byHand ? [] : steps.filter(({ applied }) => !applied);
    if (newer !== undefined)
      notes.fail(
        'schema',
        `step ${newer} of a newer version`,
        'Run the newer version, or restore a backup from before the upgrade.',
      );
    else if (missing.length > 0) {
      const found = `${missing.length} of ${steps.length} steps are missing: ${some(missing.map(({ version, name }) => `${version} ${name}`))}`;
      if (mayMigrate) notes.warn('schema', found, 'The next start does them, or drachtio-silo migrate.');
      else
        notes.fail(
          'schema',
          found,
          'Its user may not: run drachtio-silo migrate with one who may make tables, or what drachtio-silo migrate --print prints.',
        );
    } else if (lacks.length > 0)
      notes.fail(
        'schema',
        `it lacks ${some(lacks)}`,
        'A development version made it: name an empty database.',
      );
    else notes.ok('schema', `step ${steps.at(-1)?.version ?? 0}, the newest`);
  } catch (error) {
    notes.fail('schema', textOf(error), 'Mend what the sentence says, and ask again.');
  }
}

async function sqlite(path: string, store: Settings, notes: Notes): Promise<void> {
  if (path === ':memory:') {
    notes.warn(
      'reachable',
      'it is in memory: a stop loses everything',
      'Set SILO_STORE=sqlite:<path> for use.',
    );
    return;
  }
  try {
    const { version, journal } = sqliteFacts(path);
    if (version === undefined) notes.ok('reachable', `${path} is not there yet: the first start makes it`);
    else {
      notes.ok('reachable', `${path}, SQLite ${version}`);
      notes.ok(
        'durability',
        `synchronous = full, journal ${journal}: a commit is on disk when it is acknowledged`,
      );
      lookAtMode(path, 'file mode', 'messages and users', notes);
      await schema(store, true, notes);
    }
  } catch (error) {
    notes.fail(
      'reachable',
      `${path}: ${textOf(error)}`,
      'Wanted is a database of drachtio-silo that this user may read and write.',
    );
  }
  lookAtDisk(dirname(path), notes);
}

function isHere(host: string): boolean {
  return /^(127\.|localhost|\[::1\])/.test(host);
}

/** What is said of a store is meant for requests; here nobody sends one. */
function whyOf(error: unknown): string {
  return textOf(error).replace(/ The request is refused.*$/, '');
}

function adviceOf(text: string): string {
  if (/Access denied|ER_ACCESS_DENIED/.test(text))
    return 'User, password or database of SILO_STORE are not those of the server: try them with mysql, and grant the rights (docs/stores.md).';
  if (/Unknown database/.test(text))
    return 'Make the database (docs/stores.md), or name another one in SILO_STORE.';
  if (/TLS|certificate|SSL/i.test(text))
    return 'SILO_STORE_CA must be the CA of the certificate that the server shows, for the name by which SILO_STORE calls it (docs/database.md).';
  if (/read-only/.test(text)) return 'Name the primary in SILO_STORE, or make this server writable.';
  return 'Start the database, or mend host and port in SILO_STORE; look for a firewall between.';
}

/** `found, wanted: why. Do.` */
function cutInTwo(sentence: string): readonly [string, string] {
  const at = sentence.indexOf('. ');
  return at < 0 ? [sentence, ''] : [sentence.slice(0, at), sentence.slice(at + 2)];
}

function some(list: readonly string[]): string {
  const more = list.length - 4;
  return list.slice(0, 4).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
