/**
 * What is tried: the input with a number, of a seed. Each is made out of seed and number alone, so that any of them can be had
 * again without those before it.
 */
import { chance as chanceOf, type Chance } from '../support/load/random.ts';
import { ANSWERS } from './corpus/answers.ts';
import { text, type Draft } from './corpus/draft.ts';
import { FRAMES } from './corpus/frames.ts';
import { REQUESTS } from './corpus/requests.ts';
import { TORTURE } from './corpus/torture.ts';
import { BYTE_MUTATIONS, LONGEST } from './mutate/bytes.ts';
import { harmless } from './mutate/harmless.ts';
import { DRAFT_MUTATIONS } from './mutate/lines.ts';
import { environmentOf } from './mutate/environments.ts';

/**
 * How it gets there: over the network; as the answer to a request that it asks for itself; on the wire port of the front
 * end; or as the environment of a start.
 */
export type Way = 'udp' | 'tcp' | 'answer' | 'frame' | 'environment';

export interface Input {
  readonly nr: number;
  readonly way: Way;
  /** What it was and what was done to it. */
  readonly what: string;
  /** Latin1; with what stands in braces in it still to be filled in (corpus/draft.ts). */
  readonly text: string;
}

/** Parts of 100; what is left is udp. */
const SHARES: readonly (readonly [Way, number])[] = [
  ['tcp', 15],
  ['answer', 8],
  ['frame', 3],
  ['environment', 2],
];

export interface InputOptions {
  /** Is there a front end of ours, whose wire port may be shouted at? */
  readonly frames: boolean;
}

export function inputAt(seed: number, nr: number, { frames }: InputOptions): Input {
  const chance = chanceOf(mixed(seed, nr));
  const drawn = wayOf(chance);
  const way = drawn === 'frame' && !frames ? 'udp' : drawn;
  const { what, text } = MAKERS[way](chance);
  return { nr, way, what, text: way === 'environment' ? text : harmless(text).slice(0, LONGEST) };
}

function mixed(seed: number, nr: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(nr + 1, 0x85ebca6b)) >>> 0;
}

function wayOf(chance: Chance): Way {
  let drawn = chance.between(0, 100);
  for (const [way, share] of SHARES) {
    if (drawn < share) return way;
    drawn -= share;
  }
  return 'udp';
}

interface Made {
  readonly what: string;
  readonly text: string;
}

const MAKERS: Readonly<Record<Way, (chance: Chance) => Made>> = {
  udp: (chance) => sip(chance, 'UDP'),
  tcp: (chance) => sip(chance, 'TCP'),
  answer: (chance) => flat(chance, 'an answer', chance.pick(ANSWERS)),
  frame: (chance) => flat(chance, 'a frame', chance.pick(FRAMES)),
  environment: environmentOf,
};

/** A request that was well-formed once, or one of RFC 4475, with up to four changes. */
function sip(chance: Chance, transport: 'UDP' | 'TCP'): Made {
  const over = (text: string) => text.replace('SIP/2.0/UDP {peer}', `SIP/2.0/${transport} {peer}`);
  if (chance.next() < 0.05) {
    const [id, message] = entryOf(TORTURE, chance);
    return flat(chance, `RFC 4475 ${id}`, over(message));
  }
  const [name, seed] = entryOf(REQUESTS, chance);
  let draft: Draft = seed(chance);
  let what = name;
  for (let changes = chance.pick([0, 1, 1, 1, 2, 2, 3]); changes > 0; changes--) {
    const [change, mutate] = entryOf(DRAFT_MUTATIONS, chance);
    draft = mutate(draft, chance);
    what += `, ${change}`;
  }
  const whole = over(text(draft));
  return chance.next() < 0.3 ? flat(chance, what, whole) : { what, text: whole };
}

/** Up to two changes to the bytes. */
function flat(chance: Chance, name: string, given: string): Made {
  let text = given;
  let what = name;
  for (let changes = chance.pick([0, 1, 1, 2]); changes > 0; changes--) {
    const [change, mutate] = entryOf(BYTE_MUTATIONS, chance);
    text = mutate(text, chance);
    what += `, ${change}`;
  }
  return { what, text };
}

function entryOf<T>(entries: Readonly<Record<string, T>>, chance: Chance): readonly [string, T] {
  const all = Object.entries(entries) as [[string, T], ...[string, T][]];
  return chance.pick(all);
}

export interface Places {
  readonly peer: string;
  readonly server: string;
  readonly run: string;
}

/** The bytes that are sent. */
export function bytesOf({ text, nr }: Pick<Input, 'text' | 'nr'>, { peer, server, run }: Places): Buffer {
  return Buffer.from(
    text
      .replaceAll('{peer}', peer)
      .replaceAll('{server}', server)
      .replaceAll('{run}', run)
      .replaceAll('{nr}', String(nr)),
    'latin1',
  );
}
