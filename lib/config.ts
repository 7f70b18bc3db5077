/** Every option of the application: one schema gives coercion, defaults, errors and the table in the README. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { mwiSchema } from './config-mwi.ts';
import { SiloError, messageOf } from './errors.ts';
import { REGISTRAR_DEFAULTS } from './registrar/registrar.ts';
import { SILO_DEFAULTS } from './silo/options.ts';
import { VERDICTS } from './silo/outcome.ts';

/** Timers of Node end at 24.8 days. */
const LONGEST_TIME = 2_000_000;
const whole = (least: number, most = 2 ** 31) => z.coerce.number().int().min(least).max(most);
const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0', 'yes', 'no'])])
  .transform((value) => [true, 'true', '1', 'yes'].includes(value));
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value)
      .map((entry) => entry.trim().toLowerCase())
      .filter((entry) => entry !== ''),
  );

const verdict = z.enum(VERDICTS);
const outcomes = z.union([
  z.record(z.string().regex(/^[2-6]\d\d$/), verdict),
  z
    .string()
    .transform((value): Record<string, string | undefined> => {
      const pairs = value.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
      return Object.fromEntries(pairs.map(([status = '', name]) => [status, name]));
    })
    .pipe(z.record(z.string().regex(/^[2-6]\d\d$/, 'wanted is <status>=<verdict>,…'), verdict)),
]);

export const configSchema = z.strictObject({
  store: z
    .string()
    .default('sqlite:./silo.db')
    .describe(
      '`sqlite:<path>`, `sqlite::memory:` or `mysql://user:password@host:port/database`, several hosts with commas between',
    ),
  drachtioHost: z
    .string()
    .default('')
    .describe('drachtio-server; empty: the embedded SIP front end is started'),
  drachtioPort: whole(1).default(9022).describe('its admin port'),
  drachtioSecret: z.string().default('cymru').describe('its secret'),
  sipListen: z
    .string()
    .default('127.0.0.1:5060')
    .describe('address of the embedded SIP front end, UDP and TCP'),
  domains: list.default([]).describe('served domains, a comma list; empty: every domain'),
  telDomain: z
    .string()
    .default('')
    .describe('domain that `tel:` numbers belong to; empty: they are not stored'),
  node: z
    .string()
    .default(hostname())
    .describe('name of this node in the database; must differ between nodes'),
  expireTime: whole(1)
    .default(SILO_DEFAULTS.expireTime)
    .describe('longest lifetime of a message, s (msilo `expire_time`)'),
  checkTime: whole(1, LONGEST_TIME)
    .default(SILO_DEFAULTS.checkTime)
    .describe('between looks for what has expired, s (msilo `check_time`)'),
  tailTime: whole(1, LONGEST_TIME)
    .default(SILO_DEFAULTS.tailTime)
    .describe('between looks for rows of other nodes and due retries, s'),
  liveTimeout: whole(1, 10_000)
    .default(SILO_DEFAULTS.liveTimeout)
    .describe('a live delivery may take this long before the message is stored, ms'),
  dumpDelay: whole(0, 60_000)
    .default(SILO_DEFAULTS.dumpDelay)
    .describe('between the 200 to REGISTER and the first message, ms'),
  maxAttempts: whole(1)
    .default(SILO_DEFAULTS.maxAttempts)
    .describe('attempts that a device answers with a temporary failure before the message is a dead letter'),
  addDate: flag
    .default(SILO_DEFAULTS.addDate)
    .describe('`[Offline message - <date>] ` before text/plain bodies (msilo `add_date`)'),
  keepLedger: whole(86_400)
    .default(SILO_DEFAULTS.keepLedger)
    .describe('an ended message is remembered this long, s'),
  maxLanes: whole(1).default(SILO_DEFAULTS.maxLanes).describe('boxes served at the same time'),
  sendRate: whole(0).default(SILO_DEFAULTS.sendRate).describe('messages a second in all; 0: no limit'),
  hopRate: whole(0).default(SILO_DEFAULTS.hopRate).describe('messages a second to one next hop; 0: no limit'),
  hopInFlight: whole(0)
    .default(SILO_DEFAULTS.hopInFlight)
    .describe('messages in flight to one next hop; 0: no limit'),
  domainRate: whole(0)
    .default(SILO_DEFAULTS.domainRate)
    .describe('messages a second for one domain; 0: no limit'),
  domainInFlight: whole(0)
    .default(SILO_DEFAULTS.domainInFlight)
    .describe('messages in flight for one domain; 0: no limit'),
  maxPending: whole(1)
    .default(SILO_DEFAULTS.maxPending)
    .describe('messages that may wait for their commit before new ones get 503'),
  maxLag: whole(1)
    .default(SILO_DEFAULTS.maxLag)
    .describe('the event loop may lag this much before new messages get 503, ms'),
  outcomes: outcomes
    .default({})
    .describe('verdicts that replace those of the outcome table, e.g. `404=dead,486=away`'),
  keepDead: whole(0)
    .default(SILO_DEFAULTS.keepDead)
    .describe('a dead letter is kept this long, s; 0: for ever'),
  leaseTime: whole(3)
    .default(SILO_DEFAULTS.leaseTime)
    .describe('other nodes take over the boxes and lamps of a dead one after this, s'),
  stopGrace: whole(0, 9_000)
    .default(SILO_DEFAULTS.stopGrace)
    .describe('a stop waits this long for messages in flight, ms'),
  minExpires: whole(0)
    .default(REGISTRAR_DEFAULTS.minExpires)
    .describe('shortest registration, s (423 below)'),
  maxExpires: whole(1).default(REGISTRAR_DEFAULTS.maxExpires).describe('longest registration, s'),
  defaultExpires: whole(1)
    .default(REGISTRAR_DEFAULTS.defaultExpires)
    .describe('registration without Expires, s'),
  maxContacts: whole(1, 100).default(REGISTRAR_DEFAULTS.maxContacts).describe('contacts per AoR'),
  ...mwiSchema,
});

export type Config = z.output<typeof configSchema>;

/** Options that come from drachtio's own variables. */
const DRACHTIO: Readonly<Record<string, string>> = {
  drachtioHost: 'DRACHTIO_HOST',
  drachtioPort: 'DRACHTIO_PORT',
  drachtioSecret: 'DRACHTIO_SECRET',
};

/** The environment variable of an option: `expireTime` is `SILO_EXPIRE_TIME`. */
export function variableOf(option: string): string {
  return DRACHTIO[option] ?? `SILO_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What Kubernetes sets for a service called `silo`. */
const SERVICE_LINK = /^SILO_(SERVICE_|PORT(_|$))/;

/**
 * Reads the options from the JSON file named by `SILO_CONFIG`, then from the environment, which wins.
 * @throws SiloError `SILO_CONFIG` that names the option, what was found and what is wanted
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const options = Object.keys(configSchema.shape);
  const values: Record<string, unknown> = { ...readFile(env['SILO_CONFIG']) };
  const known = new Set(['SILO_CONFIG', ...options.map(variableOf)]);
  for (const option of options) {
    const value = env[variableOf(option)];
    if (value !== undefined) values[option] = value;
  }
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('SILO_') && !known.has(name) && !SERVICE_LINK.test(name),
  );
  if (unknown.length > 0)
    throw new SiloError(
      'SILO_CONFIG',
      `There is no option ${unknown.join(', ')}. The options are: ${[...known].join(', ')}.`,
    );
  const result = configSchema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const option = issue?.path.map(String).join('.') ?? '';
  const found = option in values ? ` (found ${JSON.stringify(values[option])})` : '';
  throw new SiloError(
    'SILO_CONFIG',
    `Option ${option === '' ? '' : `${variableOf(option)}${found}: `}${issue?.message ?? 'unreadable'}.`,
  );
}

function readFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined || path === '') return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
    throw new Error('it holds no JSON object');
  } catch (cause) {
    throw new SiloError(
      'SILO_CONFIG',
      `The file ${path} named by SILO_CONFIG can't be read (${messageOf(cause)}): wanted is a JSON object of options.`,
      { cause },
    );
  }
}
