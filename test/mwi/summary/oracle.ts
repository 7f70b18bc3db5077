/**
 * The oracles of the grammar, both on grammars that apg-js compiled: its own parser, which takes the first alternative
 * that matches, and a matcher of ours that tries them all, as ABNF means it (RFC 5234, section 3.2).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Opcode {
  readonly type: number;
  readonly children?: readonly number[];
  readonly min?: number;
  readonly max?: number;
  readonly index?: number;
  readonly string?: readonly number[];
}
interface Grammar {
  readonly rules: readonly { readonly name: string; readonly opcodes: readonly Opcode[] }[];
}
interface Apg {
  readonly apgApi: new (abnf: string) => {
    readonly errors: readonly unknown[];
    generate(): void;
    errorsToAscii(): string;
    toObject(): Grammar;
  };
  readonly apgLib: {
    readonly parser: new () => {
      parse(grammar: Grammar, rule: number, input: readonly number[]): { readonly success: boolean };
    };
    readonly ids: Readonly<Record<'ALT' | 'CAT' | 'REP' | 'RNM' | 'TRG' | 'TBS' | 'TLS', number>>;
  };
}

// apg-js ships no types, and this much of it is all that is used.
const { apgApi: Compiler, apgLib } = createRequire(import.meta.url)('apg-js') as Apg;
const { ids } = apgLib;

export type Oracle = (body: string) => boolean;

function compile(path: string): Grammar {
  const compiler = new Compiler(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8'));
  compiler.generate();
  if (compiler.errors.length > 0) throw new Error(`${path}: ${compiler.errorsToAscii()}`);
  return compiler.toObject();
}

/** SIP's grammar is one of bytes. */
const bytesOf = (body: string) => [...Buffer.from(body)];

/** apg-js's parser on the grammar that is ordered for it. */
export function apgOracle(): Oracle {
  const grammar = compile('message-summary/ordered.abnf');
  const parser = new apgLib.parser();
  return (body) => parser.parse(grammar, 0, bytesOf(body)).success;
}

/** Every alternative of the grammar as the standards print it. */
export function exhaustiveOracle(): Oracle {
  const { rules } = compile('message-summary.abnf');
  const matchers = rules.map(({ opcodes }) => new Matcher(opcodes, rules));
  return (body) => {
    const input = bytesOf(body);
    const known = rules.map(() => new Map<number, Ends>());
    const endsOfRule = (rule: number, at: number): Ends => {
      const memo = known[rule]!;
      let ends = memo.get(at);
      if (ends === undefined) memo.set(at, (ends = matchers[rule]!.ends({ input, endsOfRule }, 0, at)));
      return ends;
    };
    return endsOfRule(0, 0).includes(input.length);
  };
}

/** Everywhere that a match can end. */
type Ends = readonly number[];

interface Reading {
  readonly input: readonly number[];
  readonly endsOfRule: (rule: number, at: number) => Ends;
}

const NOWHERE: Ends = [];

class Matcher {
  readonly #opcodes: readonly Opcode[];
  /** For an operator that matches one byte and nothing else: which bytes. Most of the grammar is made of these. */
  readonly #bytes: readonly (ReadonlySet<number> | undefined)[];

  constructor(opcodes: readonly Opcode[], rules: Grammar['rules']) {
    this.#opcodes = opcodes;
    this.#bytes = opcodes.map((_, op) => bytesOfOne(opcodes, op, rules));
  }

  ends(reading: Reading, op: number, at: number): Ends {
    const { input } = reading;
    const bytes = this.#bytes[op];
    if (bytes) return at < input.length && bytes.has(input[at]!) ? [at + 1] : NOWHERE;
    const { type, children = [], index = 0, string = [] } = this.#opcodes[op]!;
    switch (type) {
      case ids.ALT:
        return union(children.map((child) => this.ends(reading, child, at)));
      case ids.CAT: {
        let ends: Ends = [at];
        for (const child of children) {
          ends = union(ends.map((start) => this.ends(reading, child, start)));
          if (ends.length === 0) break;
        }
        return ends;
      }
      case ids.REP:
        return this.#repeated(reading, op, at);
      case ids.RNM:
        return reading.endsOfRule(index, at);
      case ids.TBS:
        return string.every((byte, i) => input[at + i] === byte) ? [at + string.length] : NOWHERE;
      case ids.TLS:
        return string.every((byte, i) => lower(input[at + i]) === byte) ? [at + string.length] : NOWHERE;
      default:
        throw new Error(`an operator that plain ABNF doesn't have: ${type}`);
    }
  }

  #repeated(reading: Reading, op: number, at: number): Ends {
    const { min = 0, max = 0 } = this.#opcodes[op]!;
    const ends = new Set<number>(min === 0 ? [at] : []);
    let last: Ends = [at];
    for (let count = 1; count <= max && last.length > 0; count++) {
      last = union(last.map((start) => this.ends(reading, op + 1, start)));
      if (count < min) continue;
      last = last.filter((end) => !ends.has(end));
      for (const end of last) ends.add(end);
    }
    return [...ends];
  }
}

function union(all: readonly Ends[]): Ends {
  const some = all.filter((ends) => ends.length > 0);
  return some.length > 1 ? [...new Set(some.flat())] : (some[0] ?? NOWHERE);
}

function bytesOfOne(
  opcodes: readonly Opcode[],
  op: number,
  rules: Grammar['rules'],
): ReadonlySet<number> | undefined {
  const { type, children = [], min = 0, max = 0, index = 0, string = [] } = opcodes[op]!;
  const [first = 0, second] = string;
  if (type === ids.TRG) return new Set(Array.from({ length: max - min + 1 }, (_, i) => min + i));
  if (type === ids.RNM) return bytesOfOne(rules[index]!.opcodes, 0, rules);
  if (type === ids.TBS && second === undefined) return new Set([first]);
  if (type === ids.TLS && second === undefined) return new Set([first, upper(first)]);
  if (type !== ids.ALT) return undefined;
  const each = children.map((child) => bytesOfOne(opcodes, child, rules));
  if (each.includes(undefined)) return undefined;
  return new Set(each.flatMap((bytes) => [...bytes!]));
}

const lower = (byte = -1) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
const upper = (byte: number) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);
