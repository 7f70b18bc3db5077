/**
 * A session in which each message goes to the first device that takes it (`deliverTo: 'first'`): the messages of the box
 * leave in order, one in flight.
 *
 *   ready ──begin──► emptying ──stays──► leaving ──end──► over
 *   emptying ──end──► over
 *
 * `emptying`: all that it has met has ended. `leaving`: something stays in the box for another device or another time.
 */
import { assertState } from '../../../base/state.ts';
import type { Message, Place } from '../../../stores/contract/message.ts';
import { backoff, retryAfter } from '../../state/retry-times.ts';
import { waitsForDevice } from '../../state/outcome.ts';
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
      if (page.length === 0) return this.#state === 'leaving' ? { kind: 'waits' } : { kind: 'empty', mark };
      for (const message of page) {
        const end = this.#heldUp(message) ?? (await this.#send(message));
        if (end) return end;
      }
    }
  }

  /** Why the message may not be sent now. */
  #heldUp(message: Message): SessionEnd | undefined {
    const { mayGoOn, limit, why, now, settings } = this.#context;
    if (!mayGoOn()) return AGAIN;
    if (this.#delivered >= limit) return { kind: 'waits' };
    const lifted = why === 'register' && waitsForDevice(message.lastStatus, settings.outcomes);
    return message.nextTime > now() && !lifted ? { kind: 'until', time: message.nextTime } : undefined;
  }

  /** Undefined when the session goes on to the next message. */
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
        return undefined;
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

  /** Records a temporary failure: back-off, or the end after the last attempt that counts. */
  async #record({ message, failure: { answer, verdict } }: Suspect, ownFault: boolean): Promise<SessionEnd> {
    const { store, lease, now, settings } = this.#context;
    const strike = verdict === 'later' || ownFault;
    if (strike && message.strikes + 1 >= settings.maxAttempts) {
      const reason = `no success after ${settings.maxAttempts} attempts: ${answer.reason}`;
      await settle(this.#context, lease, message, { outcome: 'dead', status: answer.status, reason });
      return AGAIN;
    }
    const nextTime = now() + Math.max(backoff(message.attempts + 1), retryAfter(answer));
    const deferral = { nextTime, status: answer.status, strike };
    return (await store.defer(lease, message.id, deferral)) ? { kind: 'until', time: nextTime } : AGAIN;
  }
}
