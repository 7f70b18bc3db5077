/** Checks what a program gives a function of ours to do: by the same kinds as options, with the same sentences. */
import type { z } from 'zod';
import { SiloError } from '../base/errors.ts';
import { complaintOf, shown } from './check.ts';
import { nearest } from './nearest.ts';

/** Of a value with `secret: true` in its meta data only the kind is repeated. */
const isSecret = (schema: z.ZodType | undefined) => schema?.meta()?.['secret'] === true;

/**
 * @param of the function, as its caller names it
 * @throws SiloError `SILO_USAGE` (400) that names the argument, what was found and what is wanted
 */
export function checkArgument<S extends z.ZodObject<Readonly<Record<string, z.ZodType>>>>(
  of: string,
  schema: S,
  given: unknown,
): z.output<S> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal(`${of} (found ${shown(given)}): wanted is an object with ${namesOf(schema).join(', ')}.`);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0) throw unknown(of, issue.keys, schema);
  const { wanted, path } = complaintOf(result.error.issues);
  const [name = ''] = path;
  const value = (given as Readonly<Record<string, unknown>>)[name];
  const found = isSecret(schema.shape[name]) ? typeof value : shown(value);
  throw refusal(`${path.join('.')} of ${of} (found ${found}): ${wanted}.`);
}

function unknown(of: string, names: readonly string[], schema: z.ZodObject): SiloError {
  const [near] = names.flatMap((name) => nearest(name, namesOf(schema)) ?? []);
  const hint = near === undefined ? `It takes ${namesOf(schema).join(', ')}.` : `Did you mean ${near}?`;
  return refusal(`There is no ${names.join(', ')} in ${of}. ${hint}`);
}

function namesOf(schema: z.ZodObject): readonly string[] {
  return Object.keys(schema.shape);
}

function refusal(sentence: string): SiloError {
  return new SiloError('SILO_USAGE', sentence, { status: 400 });
}
