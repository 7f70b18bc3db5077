/**
 * What one source may ask. Who has not proved himself may take half of what may come at once, whatever he writes into his request;
 * the rest is for those behind the same address whose password is right. That is found out only where the half is used up:
 *
 *   half is left ─► in
 *   no credentials ─► a challenge, at most a few for each port: a phone beside a flooder gets at one, and it lets nobody do anything
 *   a password that is right, of a challenge of ours that was not used so before ─► in, while the whole is not used up
 *   all else ─► later
 */
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { portKey, sourceKey } from './keys.ts';
import { Rate, type Pace } from './rate.ts';

/** What is known of passwords where requests are limited: `createAuth` makes one. */
export interface Proof {
  /** Is the answer a challenge, whatever else the request says? */
  readonly isAsked: (req: SipRequest) => boolean;
  /** Would it be served for its password? @param mayLookUp asked before a user is looked for who is not remembered */
  readonly isProved: (req: SipRequest, mayLookUp: () => boolean) => Promise<boolean>;
}

/** Of what a source may ask at once, those who prove nothing leave the rest to those who do. */
const STRANGERS = 0.5;
/** Challenges for one port beyond that: a phone that starts needs four. */
const CHALLENGES: Pace = { perSecond: 1, burst: 10 };
/** Users looked for beyond that, for one source: made-up names would else be queries without end. */
const LOOKUPS: Pace = { perSecond: 10, burst: 50 };

export class SourceLimit {
  readonly #all: Rate;
  readonly #challenges: Rate;
  readonly #lookups: Rate;
  readonly #proof: Proof | undefined;

  constructor(pace: Pace, proof: Proof | undefined, now: () => number) {
    this.#all = new Rate(pace, now);
    this.#challenges = new Rate(CHALLENGES, now);
    this.#lookups = new Rate(LOOKUPS, now);
    this.#proof = proof;
  }

  get size(): number {
    return this.#all.size + this.#challenges.size + this.#lookups.size;
  }

  /** Milliseconds to wait; 0: it may go on. */
  async take(req: SipRequest): Promise<number> {
    const key = sourceKey(req);
    const wait = this.#all.take(key, 1, STRANGERS);
    const proof = this.#proof;
    if (wait === 0 || !proof) return wait;
    if (proof.isAsked(req)) return this.#challenges.take(portKey(req)) === 0 ? 0 : wait;
    // What is used up for those who prove themselves, too, is no reason to look at passwords.
    if (!this.#all.hasRoom(key)) return wait;
    const proved = await proof.isProved(req, () => this.#lookups.take(key) === 0);
    return proved ? this.#all.take(key) : wait;
  }
}
