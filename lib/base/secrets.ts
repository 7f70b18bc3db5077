/** Secrets: read from files, and kept out of all that is printed, whoever prints it. */
import { readFileSync } from 'node:fs';
import debug from 'debug';
import { SiloError, textOf } from './errors.ts';

/** What is shorter stands in other words as well, and protects nothing. */
const SHORTEST = 4;

const secrets = new Set<string>();
let watching = false;

/**
 * From now on this is nowhere to be read in a log: neither in ours nor in what other packages print with `debug` (drachtio-srf prints all
 * that it sends, its secret too).
 */
export function conceal(secret: string): void {
  if (secret.length < SHORTEST) return;
  for (const written of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    secrets.add(written);
  if (watching) return;
  watching = true;
  const print = debug.log.bind(debug);
  debug.log = (...parts: unknown[]) => {
    print(...parts.map((part) => (typeof part === 'string' ? concealed(part) : part)));
  };
}

/** The same text without the secrets. */
export function concealed(text: string): string {
  let left = text;
  for (const secret of secrets) if (left.includes(secret)) left = left.replaceAll(secret, '***');
  return left;
}

/**
 * A secret that stands in a file, as containers get them; the newline at its end is not part of it.
 *
 * @param name what names the file, for the sentence
 * @throws SiloError `SILO_CONFIG` that names the file, never what is in it
 */
export function readSecret(path: string, name: string): string {
  const refusal = (why: string, cause?: unknown) =>
    new SiloError(
      'SILO_CONFIG',
      `The file ${path} named by ${name} can't be read (${why}): wanted is a file that holds the secret and nothing else.`,
      { cause },
    );
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw refusal(textOf(cause), cause);
  }
  if (secret === '') throw refusal('it is empty');
  return secret;
}
