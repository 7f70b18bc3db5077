/**
 * Kinds of values. Each reads what code gives (a number, an array), a text of the environment, and what it has made
 * itself; what it can't read it answers with a sentence that begins with `wanted`.
 */
import { isIP } from 'node:net';
import { z } from 'zod';

/** Timers of Node end at 24.8 days. */
export const LONGEST_TIME = 2_000_000;
const LARGEST = 2 ** 31 - 1;

/** What is empty, or true, would be read as 0 or 1. */
const digits = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value);

function within(least: number, most: number, wanted: string): z.ZodType<number> {
  return z.preprocess(digits, z.number(wanted).min(least, wanted).max(most, wanted));
}

function wholeOf(least: number, most: number, what = ''): z.ZodType<number> {
  const wanted = `wanted is a whole number${what} from ${least} to ${most}`;
  return within(least, most, wanted).refine(Number.isInteger, wanted);
}

export const whole = (least: number, most = LARGEST) => wholeOf(least, most);

export const seconds = (least: number, most = LARGEST) =>
  wholeOf(least, most, ' of seconds').meta({ unit: 's' });

export const milliseconds = (least: number, most = LARGEST) =>
  wholeOf(least, most, ' of milliseconds').meta({ unit: 'ms' });

/** Seconds between two looks, which may be a fraction. */
export const interval = () =>
  within(0.01, LONGEST_TIME, `wanted is a number of seconds from 0.01 to ${LONGEST_TIME}`).meta({
    unit: 's',
  });

const FLAGS = new Map<unknown, boolean>([
  ...['true', '1', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'no'].map((word) => [word, false] as const),
]);

export const flag = z.preprocess(
  (value) => FLAGS.get(value) ?? value,
  z.boolean('wanted is true or false'),
) satisfies z.ZodType<boolean>;

export const oneOf = <const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodType<Values[number]> =>
  z.enum(values, `wanted is one of ${values.map((value) => JSON.stringify(value)).join('|')}`);

export const text = z.string('wanted is a text');

/** C0 without HTAB, and DEL: nothing of these may stand in a header. */
const CONTROL = /(?![\t\u0080-\u009f])\p{Cc}/u;

export const line = text.refine((value) => !CONTROL.test(value), 'wanted is one line of text');

/** `a, b` or `['a', 'b']`. Commas alone, which would mean "any" where a list was meant, are none. */
function entriesOf(value: unknown): unknown {
  const parts: unknown = typeof value === 'string' ? (value.trim() === '' ? [] : value.split(',')) : value;
  if (!Array.isArray(parts)) return value;
  const trimmed = parts.map((part: unknown) => (typeof part === 'string' ? part.trim() : part));
  const entries = trimmed.filter((part) => part !== '');
  return entries.length === 0 ? trimmed : entries;
}

/** Users are case-sensitive, host names and headers are not. @param wanted what its entries are */
function listOf(wanted: string, adapt = (entry: string) => entry): z.ZodType<readonly string[]> {
  const sentence = `wanted are ${wanted}, with commas between, or nothing at all`;
  return z.preprocess(
    entriesOf,
    z.array(z.string(sentence).min(1, sentence).transform(adapt), sentence),
  ) satisfies z.ZodType<readonly string[]>;
}

export const exactList = (wanted: string) => listOf(wanted);
export const list = (wanted: string) => listOf(wanted, (entry) => entry.toLowerCase());

/** A list of which each entry is looked at. @param fault the sentence for an entry that is none */
export const checkedList = (wanted: string, fault: (entry: string) => string | undefined) =>
  exactList(wanted).superRefine((entries, context) => {
    for (const message of entries.map(fault)) if (message) context.addIssue({ code: 'custom', message });
  });

/** A list of which each entry is of some kind. */
export const listWhere = (wanted: string, isOne: (entry: string) => boolean) =>
  list(wanted).refine((entries) => entries.every(isOne), `wanted are ${wanted}, with commas between`);

/** Addresses of networks with the length of their prefix. */
export const networks = list('networks such as 192.0.2.0/24').superRefine((cidrs, context) => {
  const wrong = cidrs.find((cidr) => !isNetwork(cidr));
  if (wrong === undefined) return;
  const wanted = 'wanted is an address with a prefix length, as in 192.0.2.0/24 or 2001:db8::/32';
  context.addIssue({ code: 'custom', message: `"${wrong}" is no network; ${wanted}` });
});

/** An address, with the length of a prefix or without. */
export function isNetwork(cidr: string): boolean {
  const [, address = '', length = '0'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
  return isIP(address) !== 0 && Number(length) <= (isIP(address) === 6 ? 128 : 32);
}

/** A text with variables in braces; one that does not exist would be sent as it stands. */
export const template = (variables: readonly string[]) =>
  text.superRefine((value, context) => {
    const unknown = [...value.matchAll(/\{(\w+)\}/g)].find(([, name = '']) => !variables.includes(name));
    if (unknown === undefined) return;
    const known = variables.map((name) => `{${name}}`).join(', ');
    context.addIssue({
      code: 'custom',
      message: `there is no variable ${unknown[0]}; wanted are only ${known}`,
    });
  });

/** The name of a time zone in the IANA's list. */
export const zone = text.refine((name) => {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, 'wanted is a zone such as UTC or Europe/Berlin');

type Callback = (...args: never[]) => unknown;

/** A function; only code can give one. */
export const callback = <Called extends Callback>() =>
  z.custom<Called>((value) => typeof value === 'function', 'wanted is a function');

/** What can be written down, or in code a function in its place. */
export const orCallback = <Value>(
  written: z.ZodType<Exclude<Value, Callback>>,
): z.ZodType<Exclude<Value, Callback> | Extract<Value, Callback>> =>
  z.union([callback<Extract<Value, Callback>>(), written]);
