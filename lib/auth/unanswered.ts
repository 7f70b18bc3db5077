/**
 * Phones that are asked again and again and never answer: some that know MD5 only give up as soon as SHA-256 is offered beside it (baresip
 * 1.0 does). Their users see no more than that it does not work, so the operator is told, once in a while of each.
 */
import { hash } from 'node:crypto';
import { BoundedMap } from '../base/bounded-map.ts';
import { logger } from '../base/log.ts';
import { ownText } from '../base/own-text.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { header } from '../sip/read/headers.ts';

const log = logger('auth');

/** Challenges without an answer that are no accident: a phone may lose one, or be asked by two requests at once. */
const MANY = 4;
/** Seconds within which they came, and for which nothing more is said of this phone. */
const WINDOW = 600;
const MOST = 5_000;

interface Asked {
  count: number;
  readonly since: number;
  told: boolean;
}

export class Unanswered {
  readonly #phones = new BoundedMap<string, Asked>(MOST, 'challenged-phones');
  readonly #now: () => number;
  #found = 0;

  /** @param now epoch seconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Phones that were told of. */
  get found(): number {
    return this.#found;
  }

  /** Whose the phones are is not known. */
  forget(): void {
    this.#phones.clear();
  }

  /** It was challenged since it said nothing of who it is. */
  asked(req: SipRequest): void {
    const key = keyOf(req);
    const known = this.#phones.get(key);
    if (!known || this.#now() - known.since >= WINDOW) {
      this.#phones.set(ownText(key), { count: 1, since: this.#now(), told: false });
      return;
    }
    if (++known.count < MANY || known.told) return;
    known.told = true;
    this.#found++;
    log.warn(
      `${req.source_address} was asked ${MANY} times who it is, and has never answered: a phone that knows MD5 only may give up when ` +
        'SHA-256 is offered, too; for such phones set SILO_AUTH_ALGORITHMS=md5.',
    );
  }

  /** It has answered, right or wrong: it knows how. */
  answered(req: SipRequest): void {
    if (this.#phones.size > 0) this.#phones.delete(keyOf(req));
  }
}

/** Beyond it From is hashed: what a stranger writes into it takes no more room than others do. */
const LONG = 128;

function keyOf(req: SipRequest): string {
  const whole = header(req, 'From') ?? '';
  // Without its parameters, a new tag each time.
  const end = whole.indexOf(';', whole.lastIndexOf('>') + 1);
  const from = end === -1 ? whole : whole.slice(0, end);
  return `${req.source_address} ${from.length > LONG ? hash('sha1', from, 'base64') : from}`;
}
