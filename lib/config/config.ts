/** Every option of the application: one schema gives coercion, defaults, errors and the table in the README. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { mwiSchema } from './mwi.ts';
import { siloSchema } from './silo.ts';
import { list, whole } from './types.ts';
import { SiloError, textOf } from '../base/errors.ts';
import { REGISTRAR_DEFAULTS } from '../registrar/registrar.ts';

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
  ...siloSchema,
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

/** Of a value that is refused, as much is repeated. */
const LONGEST_FOUND = 200;

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
  const [option = '', ...inside] = issue?.path.map(String) ?? [];
  const found = option in values ? ` (found ${JSON.stringify(values[option]).slice(0, LONGEST_FOUND)})` : '';
  const wanted = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
  const name = [option === '' ? '' : variableOf(option), ...inside].join('.');
  throw new SiloError(
    'SILO_CONFIG',
    `Option ${name === '' ? '' : `${name}${found}: `}${wanted ?? 'unreadable'}.`,
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
      `The file ${path} named by SILO_CONFIG can't be read (${textOf(cause)}): wanted is a JSON object of options.`,
      { cause },
    );
  }
}
