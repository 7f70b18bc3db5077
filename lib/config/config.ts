/** The options of the application: those of all rooms, read from a JSON file and the environment. */
import { readFileSync } from 'node:fs';
import { adminOptions } from '../admin/options.ts';
import { SiloError, textOf } from '../base/errors.ts';
import { exposureOptions } from '../auth/closed.ts';
import { authOptions } from '../auth/options.ts';
import { trustOptions } from '../auth/trust/options.ts';
import { limitsOptions } from '../auth/limits/options.ts';
import { readSecret } from '../base/secrets.ts';
import { frontEndOptions } from '../embedded/options.ts';
import { logOptions } from '../logging/options.ts';
import { mwiOptions } from '../mwi/request/options.ts';
import { nodeOptions } from '../node/options.ts';
import { workersOptions } from '../node/processes.ts';
import { noSuchOption, readOptions } from '../options/check.ts';
import { fileKeyOf, fileOption, keyOf, variableOf } from '../options/listing.ts';
import type { Definition, Option, SettingsOf } from '../options/option.ts';
import { registrarOptions } from '../registrar/options.ts';
import { siloOptions } from '../silo/state/options.ts';
import { drachtioOptions } from '../sip/options.ts';
import { storeOptions } from '../stores/options.ts';

const ROOMS = {
  store: storeOptions,
  drachtio: drachtioOptions,
  frontEnd: frontEndOptions,
  auth: authOptions,
  trust: trustOptions,
  exposure: exposureOptions,
  silo: siloOptions,
  node: nodeOptions,
  workers: workersOptions,
  registrar: registrarOptions,
  mwi: mwiOptions,
  limits: limitsOptions,
  admin: adminOptions,
  log: logOptions,
} as const;

/** For each room what its function takes; what rooms share is the same in each. */
export type Config = { readonly [Room in keyof typeof ROOMS]: SettingsOf<(typeof ROOMS)[Room]> };

/** All that can be configured, by its key in the file, in the order of the documentation. */
export const CONFIGURABLE: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.values(ROOMS).flatMap((room: Definition) =>
    configurable(room).flatMap(({ key, option }): (readonly [string, Option<unknown>])[] =>
      option.secret === true
        ? [
            [key, option],
            [fileKeyOf(key), fileOption(key)],
          ]
        : [[key, option]],
    ),
  ),
);

function configurable(room: Definition) {
  return Object.entries(room.options)
    .filter(([, option]) => option.inCode !== true)
    .map(([name, option]) => ({ name, option, key: keyOf(room, name) }));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What Kubernetes sets for a service called `silo`. */
const SERVICE_LINK = /^SILO_(SERVICE_|PORT(_|$))/;

/**
 * Reads the options from the JSON file named by `SILO_CONFIG`, then from the environment, which wins.
 * @throws SiloError `SILO_CONFIG` that names the option, what was found and what is wanted
 */
export function readConfig(env: Environment): Config {
  const path = env['SILO_CONFIG'] ?? '';
  const file = readFile(path);
  const keys = [...CONFIGURABLE.keys()];
  const where = ` in ${path}`;
  const inFile = Object.keys(file).filter((key) => !CONFIGURABLE.has(key));
  if (inFile.length > 0) throw noSuchOption(inFile, keys, where);
  const variables = ['SILO_CONFIG', ...keys.map(variableOf)];
  const inEnvironment = Object.keys(env).filter(
    (name) => name.startsWith('SILO_') && !variables.includes(name) && !SERVICE_LINK.test(name),
  );
  if (inEnvironment.length > 0) throw noSuchOption(inEnvironment, variables, '');

  const read = (room: Definition) => {
    const given: Record<string, unknown> = {};
    for (const { name, key, option } of configurable(room))
      given[name] = option.secret === true ? secretOf(key, env, file) : (env[variableOf(key)] ?? file[key]);
    return readOptions(room, given, (name) => {
      const plain = keyOf(room, name);
      const inFile = env[variableOf(fileKeyOf(plain))] ?? file[fileKeyOf(plain)];
      const key = room.options[name]?.secret === true && inFile !== undefined ? fileKeyOf(plain) : plain;
      const variable = variableOf(key);
      return env[variable] === undefined && key in file
        ? { name: key, where }
        : { name: variable, where: '' };
    });
  };
  return Object.fromEntries(Object.entries(ROOMS).map(([name, room]) => [name, read(room)])) as Config;
}

/** A secret, or what stands in the file that is named in its place; of environment and file the first that has either. */
function secretOf(key: string, env: Environment, file: Readonly<Record<string, unknown>>): unknown {
  for (const [values, nameOf] of [
    [env, variableOf],
    [file, (name: string) => name],
  ] as const) {
    const [name, fileName] = [nameOf(key), nameOf(fileKeyOf(key))];
    const [secret, path] = [values[name], values[fileName]];
    if (path !== undefined && path !== '') {
      if (typeof path !== 'string')
        throw new SiloError('SILO_CONFIG', `Option ${fileName}: wanted is the path of a file.`);
      if (secret !== undefined)
        throw new SiloError(
          'SILO_CONFIG',
          `There are both ${name} and ${fileName}, and only one of them can be meant: take one away.`,
        );
      return readSecret(path, fileName);
    }
    if (secret !== undefined) return secret;
  }
  return undefined;
}

/** The parser's own complaint is kept back: it quotes the file, which may hold a secret. */
function readFile(path: string): Readonly<Record<string, unknown>> {
  if (path === '') return {};
  let why = 'it holds no JSON object';
  try {
    const text = readFileSync(path, 'utf8');
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    why = error instanceof SyntaxError ? 'it is no JSON' : textOf(error);
  }
  throw new SiloError(
    'SILO_CONFIG',
    `The file ${path} named by SILO_CONFIG can't be read (${why}): wanted is a JSON object of options.`,
  );
}
