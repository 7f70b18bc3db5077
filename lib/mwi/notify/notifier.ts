/**
 * The NOTIFYs to one watcher (RFC 6665 4.2.2; RFC 3842 3.8 to 3.11): one outstanding, the newest state next, a NOTIFY at
 * once after each answered SUBSCRIBE, otherwise at most one per interval.
 *
 *             changed, too early             its time; subscribed, end
 *   quiet ──────────────────────► waiting ─────────────────────────► sending
 *     └──────────── changed in its time, subscribed, end ───────────►
 *   sending ──► quiet         accepted, or there was nothing to tell
 *           ──► waiting       changed meanwhile, or to be tried again
 *           ──► unreachable   drachtio-server could not send it: sending again at its time, or when the device registers
 *           ──► stopped       the last one was answered, or the watcher is gone
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import { verdictOf } from './verdict.ts';

const log = logger('mwi:notify');

/** Why a subscription ends, as in Subscription-State (RFC 6665 4.1.3). */
export type EndReason = 'timeout' | 'deactivated' | 'noresource' | 'probation';

/** What one NOTIFY says. */
export interface NotifyContent {
  /** Undefined when the state can't be told: then it is left out, never guessed. */
  readonly text: string | undefined;
  /** Undefined: the subscription goes on. */
  readonly end: EndReason | undefined;
}

export interface NotifierContext {
  /** What the watcher has to be told as things are now. */
  readonly read: () => Promise<string>;
  readonly send: (content: NotifyContent) => Promise<Answer>;
  /** By its own answers the watcher is gone: let the subscription go. */
  readonly onGone: (answer: Answer) => void;
  /** The last NOTIFY was answered, or could not be sent. */
  readonly onEnded: (answer: Answer) => void;
  /** A NOTIFY was answered, or could not be sent: ms since the change that it tells, if one set it off. */
  readonly onAnswer?: (answer: Answer, took: number | undefined) => void;
  /** Milliseconds between two NOTIFYs. */
  readonly interval: number;
}

export type NotifierState = 'quiet' | 'waiting' | 'unreachable' | 'sending' | 'stopped';

const BACKOFF = [5, 15, 60, 300] as const;
/** Milliseconds to the next look at a store that did not answer. */
const READ_BACKOFF = [500, 1000, 2000] as const;

export class Notifier {
  readonly #context: NotifierContext;
  #state: NotifierState = 'quiet';
  /** Why the next NOTIFY is due: the text may have changed, or a SUBSCRIBE was answered, which asks for one in any case. */
  #due: 'nothing' | 'change' | 'subscribe' = 'nothing';
  #end: EndReason | undefined;
  /** When the first change came that was not told yet. */
  #changedAt: number | undefined;
  /** The text of the last NOTIFY that was accepted. */
  #told: string | undefined;
  #failures = 0;
  #notBefore = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: NotifierContext) {
    this.#context = context;
  }

  get state(): NotifierState {
    return this.#state;
  }

  /** The state may have changed: a NOTIFY goes out if the text did. */
  changed(): void {
    this.#changeIsDue();
    this.#changedAt ??= performance.now();
    this.#proceed();
  }

  /** A SUBSCRIBE was answered: a NOTIFY goes out in any case, at once. */
  subscribed(): void {
    this.#due = 'subscribe';
    this.#failures = 0;
    this.#proceed();
  }

  /** The device has registered: if the last NOTIFY could not be sent, the next one may. */
  reachable(): void {
    if (this.#state !== 'unreachable') return;
    this.#failures = 0;
    this.#notBefore = -Infinity;
    this.#proceed();
  }

  /** The next NOTIFY is the last one, with the state. The first reason stands. */
  end(reason: EndReason): void {
    this.#end ??= reason;
    this.#proceed();
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  #proceed(): void {
    if (this.#state === 'sending' || this.#state === 'stopped') return;
    if (this.#due === 'nothing' && !this.#end) return;
    clearTimeout(this.#timer);
    const atOnce = this.#due === 'subscribe' || this.#end !== undefined;
    const wait = atOnce ? 0 : Math.ceil(this.#notBefore - performance.now());
    if (wait > 0) this.#wait(wait);
    else this.#send();
  }

  #wait(time: number): void {
    if (this.#state === 'quiet') this.#state = 'waiting';
    this.#timer = setTimeout(() => this.#proceed(), time);
  }

  #send(): void {
    this.#state = 'sending';
    void this.#turn()
      .catch((error: unknown) => this.#failed(error))
      .then((next) => this.#rest(next));
  }

  #rest(next: 'quiet' | 'unreachable'): void {
    if (this.#state === 'stopped') return;
    this.#state = next;
    this.#proceed();
  }

  /** One NOTIFY from the look at the state to its answer; returns where that leaves the notifier. */
  async #turn(): Promise<'quiet' | 'unreachable'> {
    const asked = this.#due === 'subscribe';
    this.#due = 'nothing';
    const changedAt = this.#changedAt;
    const text = await this.#text();
    // Asked for while we looked: that NOTIFY goes out now.
    const end = this.#end;
    // What came while we looked may be in it or not: then the next one tells.
    this.#changedAt = undefined;
    if (!end && !asked && text === this.#told) return 'quiet';
    let answer: Answer;
    try {
      answer = await this.#context.send({ text, end });
    } catch (error) {
      answer = notSent(error);
    }
    this.#tell(answer, text === this.#told ? undefined : changedAt);
    // From the answer on, so that the phone never sees two within the interval, however long this one took.
    this.#notBefore = performance.now() + this.#context.interval;
    if (!end) return this.#onAnswer(answer, text);
    this.stop();
    this.#context.onEnded(answer);
    return 'quiet';
  }

  /** One that was not taken is late by all the time until it is. */
  #tell(answer: Answer, changedAt: number | undefined): void {
    const accepted = verdictOf(answer) === 'accepted';
    if (!accepted && changedAt !== undefined) this.#changedAt = changedAt;
    const took = accepted && changedAt !== undefined ? performance.now() - changedAt : undefined;
    this.#context.onAnswer?.(answer, took);
  }

  /** The last NOTIFY must go out even when the store is away. */
  async #text(): Promise<string | undefined> {
    try {
      return await this.#context.read();
    } catch (error) {
      if (!this.#end) throw error;
      return undefined;
    }
  }

  #onAnswer(answer: Answer, text: string | undefined): 'quiet' | 'unreachable' {
    // Whom it was for is not told any more, and may be told by another notifier by now.
    if (this.#state === 'stopped') return 'quiet';
    const verdict = verdictOf(answer);
    if (verdict === 'accepted') {
      this.#told = text;
      this.#failures = 0;
    } else if (answer.status === 408 && this.#due === 'subscribe') {
      // Silent then, but it has subscribed again since: the NOTIFY that is due for it goes out now.
      this.#told = undefined;
    } else if (verdict === 'gone') {
      this.#context.onGone(answer);
    } else {
      this.#later(verdict.after ?? BACKOFF[Math.min(this.#failures, BACKOFF.length - 1)] ?? BACKOFF[0]);
      if (verdict.unreachable) return 'unreachable';
    }
    return 'quiet';
  }

  /** The subscription goes on (RFC 6665 4.2.2): tried again, after the time that the answer names or with back-off. */
  #later(seconds: number): void {
    this.#failures++;
    this.#told = undefined;
    this.#changeIsDue();
    this.#notBefore = performance.now() + seconds * 1000;
  }

  #failed(error: unknown): 'quiet' {
    log.warn(`a NOTIFY could not be made: ${textOf(error)}`);
    // Nothing was sent, so what the phone was told still holds.
    const delay = READ_BACKOFF[Math.min(this.#failures++, READ_BACKOFF.length - 1)] ?? READ_BACKOFF[0];
    this.#changeIsDue();
    this.#notBefore = performance.now() + delay;
    return 'quiet';
  }

  #changeIsDue(): void {
    if (this.#due === 'nothing') this.#due = 'change';
  }
}

/** A fault of ours in the sending must not be tried again without a pause, nor keep an end from being one. */
function notSent(error: unknown): Answer {
  log.error(`a NOTIFY could not be sent: ${error instanceof Error ? error.stack : String(error)}`);
  return { status: 500, reason: textOf(error), origin: 'local', header: () => undefined };
}
