/** What an option is: how its value is read, its default, and what is said about it. Each is defined once, in its room. */
import type { z } from 'zod';
import type { Rule } from './rules.ts';

/** What not every option has. */
export interface Details {
  /** What msilo calls it, with its value where it is one of several: `use_mode 1`. */
  readonly msilo?: string;
  /** Said after the unit, such as what 0 means. */
  readonly note?: string;
  /** What the documentation shows as its default. */
  readonly shown?: string;
  /** Its value is never repeated, in whatever form it comes. */
  readonly secret?: boolean;
  /** One value for all rooms that have it, under one name. */
  readonly shared?: boolean;
  /** Only code can give it: a function, say. */
  readonly inCode?: boolean;
  /** Its key in the configuration, when that is not its name behind the prefix of its room. */
  readonly key?: string;
}

export interface Option<Value> extends Details {
  readonly schema: z.ZodType<Value>;
  readonly preset: Value;
  readonly sentence: string;
}

/** @param schema a kind (kinds.ts): it reads what code gives, texts of the environment, and what it has made itself */
export function option<Value>(
  schema: z.ZodType<Value>,
  preset: NoInfer<Value>,
  sentence: string,
  details: Details = {},
): Option<Value> {
  return { schema, preset, sentence, ...details };
}

export type Options = Readonly<Record<string, Option<unknown>>>;

type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer Value> ? Value : never;
};

/** The options of one room. */
export interface Definition<O extends Options = Options> {
  /** The function that takes them. */
  readonly of: string;
  readonly options: O;
  readonly defaults: ValuesOf<O>;
  /** Begins their names in the configuration, where the options of all rooms stand side by side. */
  readonly prefix: string;
  /** Checks between options. */
  readonly rules: readonly Rule<never>[];
}

/** What a room works with: every option has a value, and it was checked. */
export type SettingsOf<D extends Definition> = D['defaults'];

/** What its function takes: any of the options; undefined stands for the default. */
export type GivenOf<D extends Definition> = {
  readonly [Name in keyof D['defaults']]?: D['defaults'][Name] | undefined;
};

/**
 * @example
 * const clockOptions = defineOptions('createClock', { pause: option(seconds(1), 60, 'between two looks') });
 * const createClock = (options: GivenOf<typeof clockOptions>) => run(checkOptions(clockOptions, options).pause);
 */
export function defineOptions<O extends Options>(
  of: string,
  options: O,
  { prefix = '', rules = [] }: { prefix?: string; rules?: readonly Rule<NoInfer<ValuesOf<O>>>[] } = {},
): Definition<O> {
  const presets = Object.entries(options).map(([name, { preset }]) => [name, preset]);
  return { of, options, defaults: Object.fromEntries(presets) as ValuesOf<O>, prefix, rules };
}
