/**
 * A session in which each message goes to the first device that takes it (`deliverTo: 'first'`): the messages of the box
 * leave in order, one in flight.
 *
 *   ready ──begin──► emptying ──stays──► leaving ──end──► over
 *   emptying ──end──► over
 *   leaving ──again──► emptying
 *
 * `emptying`: all that it has met has ended. `leaving`: something stays in the box for another device or another time.
 *
 * A message that one device has refused, and that fails at another one, holds nobody up: those behind it go to the device
 * that is done with it. In the sessions after that it is passed by, and offered to the others when the rest has gone.
 */
import { assertState } from '../../../base/state.ts';
import type { Message, Place } from '../../../stores/contract/message.ts';
import { backoff, retryAfter } from '../../state/retry-times.ts';
import { verdictOf, waitsForDevice } from '../../state/outcome.ts';
import { SendToFirst } from './send-to-first.ts';
import { AGAIN, PAGE, type SessionContext, type SessionEnd } from './session.ts';
import { settle } from './settle.ts';
import { SuspectHead, type Suspect } from './suspect-head.ts';

type State = 'ready' | 'emptying' | 'leaving' | 'over';

export class FirstSession {
  readonly #context: SessionContext;
  readonly #head = new SuspectHead();
  readonly #sender: SendToFirst;
  #state: State = 'ready';
  #delivered = 0;
  /** Messages whose failure was recorded in this session: no registration before that lifts it. */
  readonly #recorded = new Set<number>();
  /** Was a message passed by that the others are to be offered in this session? */
  #comesBack = false;
  /** Until the way to a device is open that may take what stays, ms. */
  #pause = 0;
  /** Is the rest gone? Then nothing is passed by that is due. */
  #restGone = false;
  /**
   * The last message that stays, not the last one sent: a row of another node may become visible after one with a higher
   * id, and what was sent when it had been accepted must not overtake it.
   */
  #after: Place | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
    this.#sender = new SendToFirst(context);
  }

  async run(): Promise<SessionEnd> {
    assertState('a session', 'begin', this.#state, ['ready']);
    this.#state = 'emptying';
    try {
      return await this.#serve();
    } finally {
      this.#state = 'over';
      const suspect = this.#head.close();
      if (suspect) await this.#record(suspect, false);
    }
  }

  async #serve(): Promise<SessionEnd> {
    const { store, boxes, lease, now } = this.#context;
    for (;;) {
      const mark = boxes.mark();
      const page = await store.waiting(lease.box, now(), PAGE, { after: this.#after });
      const end = await this.#takeAll(page);
      if (end) {
        if (end.kind === 'again' || !this.#looksAgain())
          return end.kind === 'until' ? this.#orPause(end) : end;
      } else if (page.length < PAGE && !this.#looksAgain()) {
        // It was all that there was when it was looked for; what has come since is behind the mark.
        return this.#state === 'leaving' ? this.#orPause({ kind: 'waits' }) : { kind: 'empty', mark };
      }
    }
  }

  /** Undefined when the session goes on to what is behind them. */
  async #takeAll(page: readonly Message[]): Promise<SessionEnd | undefined> {
    for (const message of page) {
      const end = this.#heldUp() ?? (await this.#take(message));
      if (end) return end;
    }
    return undefined;
  }

  #orPause(end: SessionEnd): SessionEnd {
    return this.#pause > 0 ? { kind: 'again', ms: this.#pause } : end;
  }

  /** The rest is gone: from the beginning, for the others. */
  #looksAgain(): boolean {
    if (!this.#comesBack || this.#restGone) return false;
    this.#restGone = true;
    this.#state = 'emptying';
    this.#after = undefined;
    this.#sender.passNoMore();
    return true;
  }

  /** Why nothing may be sent now. */
  #heldUp(): SessionEnd | undefined {
    const { mayGoOn, limit } = this.#context;
    if (!mayGoOn()) return AGAIN;
    return this.#delivered >= limit ? { kind: 'waits' } : undefined;
  }

  /** Undefined when the session goes on to the next message. */
  async #take(message: Message): Promise<SessionEnd | undefined> {
    if (this.#head.stepsOver(message)) {
      this.#stays(message);
      return undefined;
    }
    const waits = this.#isInBackoff(message);
    if (waits || (!this.#restGone && this.#hasFailed(message)))
      if (await this.#sender.passBy(message)) {
        if (!waits) this.#comesBack = true;
        this.#stays(message);
        return undefined;
      }
    return waits ? { kind: 'until', time: message.nextTime } : this.#send(message);
  }

  #isInBackoff({ id, nextTime, lastStatus }: Message): boolean {
    const { why, now, settings } = this.#context;
    if (nextTime <= now()) return false;
    const lifts = why === 'register' && waitsForDevice(lastStatus, settings.outcomes);
    return !lifts || this.#recorded.has(id);
  }

  /** Was it left with a device that may take it at another time? */
  #hasFailed({ lastStatus }: Message): boolean {
    const { outcomes } = this.#context.settings;
    const verdict = verdictOf({ status: lastStatus, origin: 'peer' }, outcomes);
    return lastStatus > 0 && (verdict === 'away' || verdict === 'later');
  }

  async #send(message: Message): Promise<SessionEnd | undefined> {
    const sent = await this.#sender.send(message, this.#head.doubts(message.attempts));
    switch (sent.kind) {
      case 'delivered': {
        this.#delivered++;
        const suspect = this.#head.answered();
        if (suspect) await this.#record(suspect, true);
        return undefined;
      }
      case 'ended':
        this.#head.passed();
        return undefined;
      case 'passed-over':
        this.#head.passed();
        this.#stays(message);
        this.#pause = Math.max(this.#pause, sent.paused);
        return sent.failure && this.#recordPassed({ message, failure: sent.failure });
      case 'failed': {
        const failed = { message, failure: sent.failure };
        const judged = this.#head.failed(failed, message.attempts);
        this.#stays(message);
        if (judged === 'suspected') return undefined;
        // A failed message holds up those behind it, or order would be lost.
        const end = await this.#record(failed, false);
        if (judged.suspect) await this.#record(judged.suspect, false);
        return end;
      }
      case 'no-device':
        return { kind: 'waits' };
      case 'again':
        return sent;
    }
  }

  #stays(message: Message): void {
    this.#state = 'leaving';
    this.#after = message;
  }

  /** Its failure holds up nobody, unless the box was changed by another node. */
  async #recordPassed(failed: Suspect): Promise<SessionEnd | undefined> {
    const end = await this.#record(failed, false);
    return end.kind === 'again' ? end : undefined;
  }

  /** Records a temporary failure: back-off, or the end after the last attempt that counts. */
  async #record({ message, failure: { answer, verdict } }: Suspect, ownFault: boolean): Promise<SessionEnd> {
    const { store, lease, now, settings } = this.#context;
    this.#recorded.add(message.id);
    const strike = verdict === 'later' || ownFault;
    const nextTime = now() + Math.max(backoff(message.attempts + 1), retryAfter(answer));
    const deferral = { nextTime, status: answer.status, strike, since: message.nextTime };
    // Also before its end: who was taken up again meanwhile has all attempts before him.
    if (!(await store.defer(lease, message.id, deferral))) return AGAIN;
    if (!strike || message.strikes + 1 < settings.maxAttempts) return { kind: 'until', time: nextTime };
    const reason = `no success after ${settings.maxAttempts} attempts: ${answer.reason}`;
    await settle(this.#context, lease, message, { outcome: 'dead', status: answer.status, reason });
    return AGAIN;
  }
}
