/**
 * Which counts of which nonce were used (RFC 7616 3.4, nc): a request that somebody has recorded is good once. What is not
 * remembered any more is not taken: the phone is asked anew, with `stale=true`, and nobody needs to type a password.
 *
 * Each node counts for itself. What another one has counted is unknown here, so a nonce of another node, or of our own run
 * before this one, is good only while it is young: as long as it takes to answer a challenge. So a recorded request can be repeated at most once
 * at each other node, within those seconds, and from the address that it came from.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import { ownText } from '../../base/own-text.ts';
import type { Nonce } from './nonce.ts';

/** Nonces that are remembered. */
const MOST = 50_000;
/** Counts behind the highest one that may still come: a phone may have several requests under way. */
const WINDOW = 32;

interface Counted {
  /** Where it was sent to. */
  readonly source: string;
  readonly time: number;
  highest: number;
  /** Bit n: `highest - n` was used. */
  used: number;
}

interface Use {
  readonly nc: number;
  readonly now: number;
  /** The address that it came from; the nonce is for this one. */
  readonly source: string;
}

export interface UseRules {
  /** Our own mark in nonces. */
  readonly node: number;
  /** Seconds for which a nonce of another node is good. */
  readonly foreign: number;
  /** Nonces to remember. */
  readonly most?: number;
}

export class NonceUses {
  readonly #rules: UseRules;
  readonly #counted: BoundedMap<string, Counted>;
  /** The newest nonce that was forgotten: as old ones are of unknown use. */
  #forgotten = -Infinity;

  constructor(rules: UseRules) {
    const { most = MOST } = rules;
    this.#rules = rules;
    this.#counted = new BoundedMap(most, 'nonces');
  }

  /** Was it found good before, for this address? Then its signature needs no second look. */
  knows(text: string, source: string): boolean {
    return this.#counted.get(text)?.source === source;
  }

  /** False: it was used, or nobody knows. */
  isUnused(text: string, { time, node }: Nonce, { nc, now }: Use): boolean {
    if (nc === 0 || (node !== this.#rules.node && now - time > this.#rules.foreign)) return false;
    const counted = this.#counted.get(text);
    if (!counted) return time > this.#forgotten;
    const behind = counted.highest - nc;
    return behind < 0 || (behind < WINDOW && ((counted.used >>> behind) & 1) === 0);
  }

  /** Takes note of a use. False: it was used, or nobody knows. */
  use(text: string, nonce: Nonce, use: Use): boolean {
    if (!this.isUnused(text, nonce, use)) return false;
    const { nc, source } = use;
    const counted = this.#counted.get(text);
    if (!counted) {
      this.#remember(ownText(text), { source: ownText(source), time: nonce.time, highest: nc, used: 1 });
      return true;
    }
    const behind = counted.highest - nc;
    if (behind < 0) {
      counted.used = -behind >= WINDOW ? 1 : ((counted.used << -behind) | 1) >>> 0;
      counted.highest = nc;
    } else counted.used = (counted.used | (1 << behind)) >>> 0;
    return true;
  }

  #remember(text: string, counted: Counted): void {
    if (this.#counted.size >= this.#counted.most)
      for (const oldest of this.#counted.values()) {
        this.#forgotten = Math.max(this.#forgotten, oldest.time);
        break;
      }
    this.#counted.set(text, counted);
  }
}
