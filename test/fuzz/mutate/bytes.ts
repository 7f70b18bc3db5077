/** Changes to bytes, wherever they stand. Texts are latin1: one character a byte. */
import type { Chance } from '../../support/load/random.ts';
import { BYTES, FRAGMENTS } from './dictionary.ts';

export type TextMutation = (text: string, chance: Chance) => string;

const cut = (text: string, from: number, to: number, instead = ''): string =>
  text.slice(0, from) + instead + text.slice(to);

/** Where a stretch of up to `most` characters begins and ends. */
function stretch(text: string, chance: Chance, most: number): readonly [number, number] {
  const from = chance.between(0, text.length + 1);
  return [from, Math.min(text.length, from + chance.between(1, most + 1))];
}

/** Text cut to a size that a test can afford. */
export const LONGEST = 60_000;

export const BYTE_MUTATIONS: Readonly<Record<string, TextMutation>> = {
  'flip a bit': (text, chance) => {
    const [at] = stretch(text, chance, 1);
    const code = text.charCodeAt(at) || 0;
    return cut(text, at, at + 1, String.fromCharCode((code ^ (1 << chance.between(0, 8))) & 0xff));
  },
  'set a byte': (text, chance) => {
    const [at] = stretch(text, chance, 1);
    return cut(text, at, at + 1, chance.pick(BYTES));
  },
  'insert a byte': (text, chance) => {
    const [at] = stretch(text, chance, 1);
    return cut(text, at, at, chance.pick(BYTES));
  },
  'insert noise': (text, chance) => {
    const [at] = stretch(text, chance, 1);
    const noise = Array.from({ length: chance.between(1, 12) }, () =>
      String.fromCharCode(chance.between(0, 256)),
    );
    return cut(text, at, at, noise.join(''));
  },
  'insert a fragment': (text, chance) => {
    const [at] = stretch(text, chance, 1);
    return cut(text, at, at, chance.pick(FRAGMENTS));
  },
  'delete a stretch': (text, chance) => cut(text, ...stretch(text, chance, 40)),
  'double a stretch': (text, chance) => {
    const [from, to] = stretch(text, chance, 60);
    return cut(text, to, to, text.slice(from, to));
  },
  'repeat a stretch': (text, chance) => {
    const [from, to] = stretch(text, chance, 8);
    const times = chance.pick([10, 100, 1_000, 5_000]);
    return cut(text, to, to, text.slice(from, to).repeat(times)).slice(0, LONGEST);
  },
  'cut off the end': (text, chance) => text.slice(0, chance.between(0, text.length + 1)),
  'bare line ends': (text, chance) => text.replaceAll('\r\n', chance.pick(['\n', '\r', '\n\r'])),
};
