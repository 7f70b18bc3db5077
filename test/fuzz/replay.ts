/** Inputs that failed, kept in a file so that they can be sent again. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Found } from './find.ts';
import type { Input } from './inputs.ts';

interface Kept {
  readonly failure: string;
  readonly seen: string;
  readonly seed: number;
  readonly on: string;
  readonly inputs: readonly Input[];
}

export function keep(path: string, seed: number, { failure, inputs, on }: Found): void {
  const kept: Kept = { failure: failure.kind, seen: failure.seen, seed, on, inputs };
  writeFileSync(path, `${JSON.stringify(kept, undefined, 2)}\n`);
}

export function read(path: string): readonly Input[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as Kept).inputs;
}

/** For a person to read: line ends and what can't be printed made visible. */
export function shown({ what, way, text }: Input): string {
  const lines = text
    .split('\r\n')
    .map((line) => `  ${JSON.stringify(line).slice(1, -1).replaceAll('\\"', '"').slice(0, 500)}`);
  return `${way}: ${what}\n${lines.join('\n')}`;
}
