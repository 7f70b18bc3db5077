/**
 * The NOTIFYs of one subscription (RFC 6665, section 4.2.2; RFC 3842, sections 3.8 to 3.11): one outstanding, the
 * newest state next, a NOTIFY at once after each answered SUBSCRIBE, otherwise at most one per interval.
 *
 *            changed, tell, end                   answer
 *   quiet ───────────────────► (interval) ──► sending ──► quiet | sending again | over
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Texts } from '../state/summaries.ts';

const log = logger('mwi:notify');

/** Why a subscription ends, as in Subscription-State (RFC 6665, section 4.1.3). */
export type EndReason = 'timeout' | 'deactivated' | 'noresource' | 'probation';

/** What one NOTIFY says. */
export interface NotifyContent {
  /** Undefined when the state can't be told: then it is left out, never guessed. */
  readonly text: string | undefined;
  /** Undefined: the subscription goes on. */
  readonly end: EndReason | undefined;
}

export interface NotifierDependencies {
  readonly read: () => Promise<Texts>;
  readonly pick: (texts: Texts) => string;
  readonly send: (notice: NotifyContent) => Promise<Answer>;
  /** The watcher is gone by its own answers: let the subscription go. */
  readonly lost: (answer: Answer) => void;
  /** The last NOTIFY was answered, or nothing more can be done. */
  readonly over: (answer: Answer) => void;
  readonly interval: number;
}

/** RFC 6665, section 4.2.2: these answers end a subscription; so does silence (408). */
const ENDING = new Set([404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);
const BACKOFF = [5, 15, 60, 300] as const;
/** Milliseconds to the next look at a store that did not answer. */
const READ_BACKOFF = [500, 1000, 2000] as const;

export class Notifier {
  readonly #with: NotifierDependencies;
  /** The text of the last NOTIFY that was accepted. */
  #told: string | undefined;
  #changed = false;
  #asked = false;
  #end: EndReason | undefined;
  #busy = false;
  #over = false;
  #failures = 0;
  #unreachable = false;
  #notBefore = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: NotifierDependencies) {
    this.#with = dependencies;
  }

  /** The state may have changed: a NOTIFY goes out if the text did. */
  changed(): void {
    this.#changed = true;
    this.#go();
  }

  /** A SUBSCRIBE was answered: a NOTIFY goes out in any case, at once. */
  subscribed(): void {
    this.#asked = true;
    this.#failures = 0;
    this.#go();
  }

  /** The device has registered: if the last NOTIFY could not be sent, the next one may. */
  reachable(): void {
    if (!this.#unreachable) return;
    this.#failures = 0;
    this.#notBefore = -Infinity;
    this.#go();
  }

  /** Says good-bye, with the state. The first reason stands. */
  end(reason: EndReason): void {
    this.#end ??= reason;
    this.#go();
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #go(): void {
    if (this.#busy || this.#over || !(this.#changed || this.#asked || this.#end)) return;
    clearTimeout(this.#timer);
    const wait = this.#asked || this.#end ? 0 : Math.ceil(this.#notBefore - performance.now());
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#go(), wait);
      return;
    }
    this.#busy = true;
    void this.#turn()
      .catch((error: unknown) => {
        log.warn(`a NOTIFY could not be made: ${textOf(error)}`);
        // Nothing was sent, so what the phone was told still holds.
        const delay = READ_BACKOFF[Math.min(this.#failures++, READ_BACKOFF.length - 1)] ?? READ_BACKOFF[0];
        this.#changed = true;
        this.#notBefore = performance.now() + delay;
      })
      .finally(() => {
        this.#busy = false;
        this.#go();
      });
  }

  async #turn(): Promise<void> {
    const asked = this.#asked;
    this.#changed = this.#asked = this.#unreachable = false;
    const text = await this.#text();
    // Asked for while we looked: that NOTIFY goes out now.
    const end = this.#end;
    if (!end && !asked && text === this.#told) return;
    const answer = await this.#with.send({ text, end });
    // From the answer on, so that the phone never sees two within the interval, however long this one took.
    this.#notBefore = performance.now() + this.#with.interval;
    if (!end) {
      this.#took(answer, text);
      return;
    }
    this.stop();
    this.#with.over(answer);
  }

  /** A good-bye must go out even when the store is away. */
  async #text(): Promise<string | undefined> {
    try {
      return this.#with.pick(await this.#with.read());
    } catch (error) {
      if (!this.#end) throw error;
      return undefined;
    }
  }

  #took(answer: Answer, text: string | undefined): void {
    const { status } = answer;
    // drachtio-server's own 410: the connection that it remembers for this phone is closed. The phone will open another.
    const closed = answer.origin === 'stack' && status === 410;
    if (status >= 200 && status < 300) {
      this.#told = text;
      this.#failures = 0;
    } else if (status === 408 && this.#asked) {
      // Silent then, but it has subscribed again since: the NOTIFY that it is owed goes out now.
      this.#told = undefined;
    } else if ((ENDING.has(status) && !closed) || answer.failure === 'unsendable') {
      this.#with.lost(answer);
    } else {
      // Kept (RFC 6665, section 4.2.2): tried again, after the time that the answer names or with back-off.
      const seconds = Number.parseInt(answer.header('Retry-After') ?? '', 10);
      this.#unreachable = answer.origin === 'stack';
      this.#later(seconds > 0 ? Math.min(seconds, 3600) : undefined);
    }
  }

  #later(seconds: number | undefined): void {
    const delay = seconds ?? BACKOFF[Math.min(this.#failures, BACKOFF.length - 1)] ?? BACKOFF[0];
    this.#failures++;
    this.#told = undefined;
    this.#changed = true;
    this.#notBefore = performance.now() + delay * 1000;
  }
}
