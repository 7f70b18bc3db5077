/**
 * One subscription that this node serves, from its SUBSCRIBE to its last NOTIFY (RFC 6665 4.2).
 *
 *       stored              answered           end             last NOTIFY answered              row removed
 *   new ──────► answering ──────────► active ──────► ending ──────────────────────────► erasing ─────────────► ended
 *
 *   new       ── end ─────────────────────► ending    a fetch, or a row that an earlier run has left
 *   answering ── end, dialogLost ─────────► ending
 *   answering ── unanswered ──────────────► erasing   the 200 could not be sent: the phone knows of no subscription
 *   active    ── answered ────────────────► active    a refresh
 *   active    ── dialogLost ──────────────► ending    drachtio-server was restarted; the phone is told past it
 *   active    ── dialog gone ─────────────► erasing   the same when the time is over, too: there is nothing to tell
 *   ending    ── connection lost ─────────► owed      the row stays: a new one made of it sends the last NOTIFY again
 *
 * From `ending` on no SUBSCRIBE finds it any more, and an answer or a loss that comes later changes nothing.
 */
import { ownTexts } from '../../base/own-text.ts';
import { assertState } from '../../base/state.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Subscription } from '../../stores/contract/mwi.ts';
import type { LastNotify } from '../state/mailboxes.ts';
import { Notifier, type EndReason, type NotifyContent } from './notifier.ts';

export type SubscriptionState = 'new' | 'answering' | 'active' | 'ending' | 'owed' | 'erasing' | 'ended';

/** What a subscription needs of its surroundings. */
export interface SubscriptionContext {
  /** What its watcher has to be told as things are now. */
  readonly read: (row: Subscription) => Promise<string>;
  readonly send: (subscription: ServedSubscription, content: NotifyContent) => Promise<Answer>;
  /** The watcher refuses its NOTIFYs, or is silent: ends it, with all that hangs on its dialog. */
  readonly refused: (subscription: ServedSubscription) => void;
  /** Removes its row; never rejects. */
  readonly erase: (row: Subscription) => Promise<void>;
  /** A NOTIFY was answered: ms since the change that it tells, if one set it off. */
  readonly notified: (mailbox: string, answer: Answer, took: number | undefined) => void;
  /** It has come into this state. */
  readonly entered: (subscription: ServedSubscription, state: SubscriptionState) => void;
  /** Milliseconds between two NOTIFYs. */
  readonly interval: number;
}

export class ServedSubscription {
  readonly #context: SubscriptionContext;
  readonly #notifier: Notifier;
  #row: Subscription;
  #state: SubscriptionState = 'new';
  #cseq = 0;
  #last: LastNotify | undefined;

  constructor(row: Subscription, context: SubscriptionContext) {
    // It lives for an hour, and its SUBSCRIBE, of which its facts are pieces, must not.
    this.#row = ownTexts(row);
    this.#context = context;
    this.#notifier = new Notifier({
      read: () => context.read(this.#row),
      send: (content) => context.send(this, content),
      onGone: (answer) => this.#gone(answer),
      onEnded: (answer) => this.#lastAnswered(answer),
      onAnswer: (answer, took) => context.notified(this.#row.mailbox, answer, took),
      interval: context.interval,
    });
  }

  /** The facts of its dialog, as they are stored. */
  get row(): Subscription {
    return this.#row;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Its end has begun, or is over. */
  get ending(): boolean {
    return this.#state !== 'new' && this.#state !== 'answering' && this.#state !== 'active';
  }

  /** The highest CSeq that a NOTIFY of it went out with. */
  get cseq(): number {
    return this.#cseq;
  }

  /** The last NOTIFY, with what came back. */
  get lastNotify(): LastNotify | undefined {
    return this.#last;
  }

  notified(last: LastNotify): void {
    this.#last = last;
  }

  /** A NOTIFY of it went out with this CSeq. */
  numbered(cseq: number): void {
    this.#cseq = Math.max(this.#cseq, cseq);
  }

  /** A SUBSCRIBE in its dialog has said this. */
  learn(facts: Partial<Subscription>): void {
    this.#row = { ...this.#row, ...ownTexts(facts) };
  }

  /** Its row is committed: it is served from now on, and its SUBSCRIBE is being answered. */
  stored(): void {
    this.#enter('answering', 'stored', ['new']);
  }

  /** The 200 to its first SUBSCRIBE or to a refresh went out. Where its end was faster, the last NOTIFY says the state. */
  answered(): void {
    if (this.ending) return;
    this.#enter('active', 'answered', ['answering', 'active']);
    this.#notifier.subscribed();
  }

  /** The 200 to its first SUBSCRIBE could not be sent: the phone knows of no subscription. */
  unanswered(): void {
    if (this.ending) return;
    this.#erase('unanswered', ['answering']);
  }

  /** What its mailbox says may have changed. */
  changed(): void {
    this.#notifier.changed();
  }

  /** Its device has registered. */
  reachable(): void {
    this.#notifier.reachable();
  }

  /** Ends it with a last NOTIFY. */
  end(reason: EndReason): void {
    this.#enter('ending', 'end', ['new', 'answering', 'active']);
    this.#notifier.end(reason);
  }

  /** drachtio-server has lost the dialog, and the phone is being told that it is over. */
  dialogLost(): void {
    if (!this.ending) this.#enter('ending', 'dialogLost', ['answering', 'active']);
  }

  /** No NOTIFY is begun any more: the node stops. */
  stop(): void {
    this.#notifier.stop();
  }

  #gone(answer: Answer): void {
    if (answer.failure === 'no-dialog') {
      this.#erase('dialog gone', ['answering', 'active', 'ending']);
      return;
    }
    // The phone waits for nothing more, but drachtio-server does: it keeps the dialog until it has seen a last NOTIFY.
    this.#context.refused(this);
    void this.#context.erase(this.#row);
  }

  #lastAnswered(answer: Answer): void {
    if (answer.failure === 'disconnected') this.#enter('owed', 'connection lost', ['ending']);
    else this.#erase('last NOTIFY answered', ['ending']);
  }

  #erase(step: string, from: readonly SubscriptionState[]): void {
    this.#enter('erasing', step, from);
    this.#notifier.stop();
    void this.#context.erase(this.#row).then(() => this.#enter('ended', 'row removed', ['erasing']));
  }

  #enter(state: SubscriptionState, step: string, from: readonly SubscriptionState[]): void {
    assertState(`subscription ${this.#row.id}`, step, this.#state, from);
    this.#state = state;
    this.#context.entered(this, state);
  }
}
