/**
 * The oracles of the grammar, both on grammars that apg-js compiled: its own parser, which takes the first alternative
 * that matches, and a slower matcher that tries them all, as ABNF means it (RFC 5234, section 3.2).
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
  const { ids } = apgLib;
  return (body) => {
    const input = bytesOf(body);
    const known = rules.map(() => new Map<number, ReadonlySet<number>>());

    /** Everywhere that the rule, begun at a place, can end. */
    const endsOfRule = (rule: number, at: number): ReadonlySet<number> => {
      const memo = known[rule]!;
      let ends = memo.get(at);
      if (ends === undefined) memo.set(at, (ends = endsOf(rules[rule]!.opcodes, 0, at)));
      return ends;
    };
    const from = (opcodes: readonly Opcode[], op: number, starts: Iterable<number>): Set<number> => {
      const ends = new Set<number>();
      for (const start of starts) for (const end of endsOf(opcodes, op, start)) ends.add(end);
      return ends;
    };
    const endsOf = (opcodes: readonly Opcode[], op: number, at: number): ReadonlySet<number> => {
      const { type, children = [], min = 0, max = 0, index = 0, string = [] } = opcodes[op]!;
      switch (type) {
        case ids.ALT:
          return new Set(children.flatMap((child) => [...endsOf(opcodes, child, at)]));
        case ids.CAT:
          return children.reduce<ReadonlySet<number>>(
            (starts, child) => from(opcodes, child, starts),
            new Set([at]),
          );
        case ids.REP: {
          const ends = new Set<number>(min === 0 ? [at] : []);
          let last = new Set([at]);
          for (let count = 1; count <= max && last.size > 0; count++) {
            last = from(opcodes, op + 1, last);
            if (count < min) continue;
            last = new Set([...last].filter((end) => !ends.has(end)));
            for (const end of last) ends.add(end);
          }
          return ends;
        }
        case ids.RNM:
          return endsOfRule(index, at);
        case ids.TRG:
          return at < input.length && input[at]! >= min && input[at]! <= max ? new Set([at + 1]) : new Set();
        case ids.TBS:
          return string.every((byte, i) => input[at + i] === byte)
            ? new Set([at + string.length])
            : new Set();
        case ids.TLS:
          return string.every((byte, i) => lower(input[at + i]) === byte)
            ? new Set([at + string.length])
            : new Set();
        default:
          throw new Error(`an operator that plain ABNF doesn't have: ${type}`);
      }
    };
    return endsOfRule(0, 0).has(input.length);
  };
}

const lower = (byte = -1) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
