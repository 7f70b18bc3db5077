/** Checks the options that are given, in code or in the configuration: by the same rules, with the same sentences. */
import { inspect } from 'node:util';
import type { z } from 'zod';
import { SiloError } from '../base/errors.ts';
import { nearest } from './nearest.ts';
import type { Definition, GivenOf, SettingsOf } from './option.ts';

/** Of a value that is refused, as much is repeated. */
const LONGEST_FOUND = 200;

/**
 * All options of a factory: those that were given, and the defaults of the others.
 *
 * @throws SiloError `SILO_CONFIG` that names the option, what was found and what is wanted
 */
export function checkOptions<D extends Definition>(definition: D, given: GivenOf<D> = {}): SettingsOf<D> {
  const { of, options } = definition;
  // JavaScript gives anything.
  const found: unknown = given;
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw refusal(`The options of ${of}`, shown(found), 'wanted is an object');
  const known = Object.keys(options);
  const unknown = Object.keys(found).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw noSuchOption(unknown, known, ` of ${of}`);
  return readOptions(definition, given, (name) => ({ name, where: ` of ${of}` }));
}

/** What the user calls an option, and where it was given. */
export type Naming = (option: string) => { readonly name: string; readonly where: string };

/** The same for options that were collected by their names. */
export function readOptions<D extends Definition>(
  { options, defaults, rules }: D,
  given: Readonly<Record<string, unknown>>,
  naming: Naming,
): SettingsOf<D> {
  const values: Record<string, unknown> = { ...defaults };
  const refuse = (option: string, value: unknown, { wanted, path }: Complaint): never => {
    const { name, where } = naming(option);
    const found = options[option]?.secret === true ? '***' : shown(value);
    throw refusal(`Option ${[name, ...path].join('.')}${where}`, found, wanted);
  };
  for (const [name, { schema }] of Object.entries(options)) {
    const value = given[name];
    if (value === undefined) continue;
    const result = schema.safeParse(value);
    if (!result.success) return refuse(name, value, complaintOf(result.error.issues));
    values[name] = result.data;
  }
  for (const rule of rules) {
    const changed = rule.check(values as never, {
      defaults: defaults as never,
      nameOf: (option) => naming(option).name,
      refuse: (option, wanted) => refuse(option, values[option], { wanted, path: [] }),
    });
    Object.assign(values, changed);
  }
  return values;
}

/** There is none of that name, but perhaps one of nearly that name. */
export function noSuchOption(names: readonly string[], known: readonly string[], where: string): SiloError {
  const [near] = names.length === 1 ? names.flatMap((name) => nearest(name, known) ?? []) : [];
  const hint = near === undefined ? `The options are: ${known.join(', ')}.` : `Did you mean ${near}?`;
  return new SiloError('SILO_CONFIG', `There is no option ${names.join(', ')}${where}. ${hint}`);
}

interface Complaint {
  readonly wanted: string;
  /** Where inside the value. */
  readonly path: readonly string[];
}

/** What zod says about the last alternative of a union, or about a key, stands inside. */
export function complaintOf([issue]: readonly z.core.$ZodIssue[], before: readonly string[] = []): Complaint {
  // Which entry of a list it is can be seen.
  const path = [...before, ...(issue?.path ?? []).filter((part) => typeof part !== 'number').map(String)];
  if (issue?.code === 'invalid_union') return complaintOf(issue.errors.at(-1) ?? [], path);
  if (issue?.code === 'invalid_key') return complaintOf(issue.issues, path);
  return { wanted: issue?.message ?? 'it is unreadable', path };
}

function refusal(what: string, found: string, wanted: string): SiloError {
  return new SiloError('SILO_CONFIG', `${what} (found ${found}): ${wanted}.`);
}

export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : inspect(value, { breakLength: Infinity, depth: 2, maxStringLength: LONGEST_FOUND }).replace(
          /\s+/g,
          ' ',
        );
  return text.slice(0, LONGEST_FOUND);
}
