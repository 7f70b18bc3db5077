/**
 * A command as data: what it takes, what it says of itself, and what it does. The reading of the command line, the help,
 * docs/commands.md and the completion of the shells are all made from this.
 */
import { SiloError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import type { Exit } from './exit.ts';
import type { Output } from './output.ts';

/** `<aor>`, or `[aor]` where it may be left out and is '' then. */
interface Argument {
  readonly shape: string;
  readonly says: string;
  /** The only words that it may be. */
  readonly words?: readonly string[];
}

export interface Option<T> {
  /** `--table <name>`, or `--dry-run` for a switch. */
  readonly shape: string;
  readonly says: string;
  /** What it is without being given; '' for nothing. */
  readonly preset: string;
  readonly words?: readonly string[];
  /** @throws SiloError `SILO_USAGE` */
  readonly read: (given: string | boolean | undefined) => T;
}

type Arguments = Readonly<Record<string, Argument>>;
type Options = Readonly<Record<string, Option<unknown>>>;

/** By its own names: arguments as they were given, options as they were read. */
type GivenOf<A extends Arguments, O extends Options> = { readonly [Name in keyof A]: string } & {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

interface Call<Given> {
  readonly given: Given;
  readonly out: Output;
  /** The configuration of the application, from the same environment. @throws SiloError `SILO_CONFIG` */
  readonly config: () => Config;
}

interface Told {
  /** `box list`: a noun and a verb, or one word. */
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** What else there is to know. */
  readonly about?: string;
  /** A command line without the program, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** What the codes mean where the usual words don't say it. */
  readonly exits?: Partial<Readonly<Record<Exit, string>>>;
}

interface Definition<A extends Arguments, O extends Options> extends Told {
  readonly args: A;
  readonly options: O;
  readonly run: (call: Call<GivenOf<A, O>>) => Promise<Exit>;
}

/** What stood on the command line: arguments in their order, options by their long name. */
export interface Raw {
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** A command whatever it takes. */
export interface Command extends Told {
  readonly args: readonly Argument[];
  readonly options: readonly Option<unknown>[];
  readonly run: (raw: Raw, around: Omit<Call<never>, 'given'>) => Promise<Exit>;
}

export function command<A extends Arguments, O extends Options>({
  args,
  options,
  run,
  ...told
}: Definition<A, O>): Command {
  return {
    ...told,
    args: Object.values(args),
    options: Object.values(options),
    run: (raw, around) => {
      const given: Record<string, unknown> = {};
      for (const [index, name] of Object.keys(args).entries()) given[name] = raw.args[index] ?? '';
      for (const [name, option] of Object.entries(options)) {
        const value = raw.options[longOf(option)];
        given[name] = option.read(
          typeof value === 'string' || typeof value === 'boolean' ? value : undefined,
        );
      }
      return run({ ...around, given: given as GivenOf<A, O> });
    },
  };
}

/** `--dry-run <x>` is called `dry-run`. */
export function longOf({ shape }: Pick<Option<unknown>, 'shape'>): string {
  return /--([\w-]+)/.exec(shape)?.[1] ?? shape;
}

/** Does it want a value? */
export function takesValue({ shape }: Pick<Option<unknown>, 'shape'>): boolean {
  return shape.includes('<');
}

export function flag(shape: string, says: string): Option<boolean> {
  return { shape, says, preset: '', read: (given) => given === true };
}

export function value(shape: string, says: string, preset = ''): Option<string> {
  return { shape, says, preset, read: (given) => (typeof given === 'string' ? given : preset) };
}

/** One of these words; without being given, the first. */
export function oneOf<const W extends string>(
  shape: string,
  says: string,
  words: readonly [W, ...W[]],
): Option<W> {
  return {
    shape,
    says,
    words,
    preset: words[0],
    read: (given) => words.find((word) => word === given) ?? words[0],
  };
}

interface Bounds {
  readonly preset: number;
  readonly least?: number;
  readonly most: number;
}

export function whole(shape: string, says: string, { preset, least = 1, most }: Bounds): Option<number> {
  return {
    shape,
    says,
    preset: String(preset),
    read: (given) => {
      if (typeof given !== 'string') return preset;
      const number = Number(given);
      if (!/^\d+$/.test(given) || number < least || number > most)
        throw usage(
          `--${longOf({ shape })} is ${JSON.stringify(given)}, wanted is a number from ${least} to ${most}`,
        );
      return number;
    },
  };
}

export function usage(what: string): SiloError {
  return new SiloError('SILO_USAGE', `${what}.`);
}
