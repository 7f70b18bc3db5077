/** What stands behind `npm run fuzz --`. */
import { parseArgs } from 'node:util';

/** name: [default, what it is]; the default says whether it is a number. */
const OPTIONS = {
  inputs: ['100000', 'how many inputs'],
  seed: [undefined, 'the seed of an earlier run, to have its inputs again'],
  from: ['0', 'the number of the first input: go on in the middle of a seed'],
  store: ['sqlite', 'sqlite or mysql (starts a MariaDB of its own)'],
  batch: ['1000', 'inputs between two checks of everything'],
  patience: ['10', 's until an answer or a message must be there'],
  memory: ['1024', 'MB that the application may hold'],
  errors: [undefined, 'a file for what the application says on standard error'],
  replay: [undefined, 'send what a run has found once more, from its file'],
  out: ['fuzz-found.json', 'the file for what is found'],
} as const;

type Name = keyof typeof OPTIONS;
export type Values = Readonly<Partial<Record<Name, string>>>;

const entries = Object.entries(OPTIONS) as readonly [Name, readonly [string | undefined, string]][];

export const HELP = [
  'npm run fuzz -- [options]: what strangers might send, against the application, behind the embedded front end, or',
  'the drachtio-server that SILO_CONFORMANCE_SIP and its like name (docs/embedded.md). Ctrl-C ends it after the batch.',
  'Exit code 1: something was found, and is printed in its smallest form.',
  '',
  ...entries.map(
    ([name, [value, what]]) =>
      `  --${name.padEnd(10)}${what}${value === undefined ? '' : ` (default: ${value})`}`,
  ),
].join('\n');

/** @returns undefined where help is asked for; throws a sentence */
export function readArguments(args: readonly string[]): Values | undefined {
  const options = Object.fromEntries(
    entries.map(([name, [value]]) => [
      name,
      { type: 'string' as const, ...(value === undefined ? {} : { default: value }) },
    ]),
  );
  const { values } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
  });
  if (values['help'] === true) return undefined;
  return values as Values;
}

export function numberOf(values: Values, name: Name): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`--${name} is ${values[name] ?? ''}, wanted is a whole number`);
  return value;
}
