/**
 * Whose fault is it when the head of a queue fails again and again: the device's, or the message's own? A message that no
 * device can take must not hold up those behind it for good, and a device that is only away must not lose the order of its
 * messages. So a head that fails for the third time is suspected: its failure is not recorded yet, and the next message
 * shows whose it is. If a device takes that one, the device is there, and the failure was the head's own.
 *
 *   watching ──failed──► suspected ──answered──► guilty
 *   watching ──answered──► trusted        the head was no problem: nothing is suspected any more in this session
 *   watching ──passed──► trusted          nor when it ended, or waits for another device
 *   suspected ──failed──► watching        the next one fails, too: the device's fault
 *   suspected ──close──► watching         nothing is left that could show it: so for this time the device's fault
 *
 * What was suspected comes out with the step that decides it, and its failure is to be recorded then.
 */
import type { Message } from '../../../stores/contract/message.ts';
import type { Failure } from '../attempt.ts';

export type SuspectState = 'watching' | 'suspected' | 'guilty' | 'trusted';

/** A message with the failure that is not recorded yet. */
export interface Suspect {
  readonly message: Message;
  readonly failure: Failure;
}

/** After so many failed attempts the next one makes the message a suspect. */
const TWICE = 2;

export class SuspectHead {
  #state: SuspectState = 'watching';
  #suspect: Suspect | undefined;

  get state(): SuspectState {
    return this.#state;
  }

  /** Do those behind it go on without it? */
  get isSteppedOver(): boolean {
    return this.#state === 'suspected' || this.#state === 'guilty';
  }

  stepsOver({ id }: Pick<Message, 'id'>): boolean {
    return this.isSteppedOver && this.#suspect?.message.id === id;
  }

  /** Would a failure make a suspect of the message that is to be sent now? */
  doubts(failedBefore: number): boolean {
    return this.#state === 'watching' && failedBefore >= TWICE;
  }

  /** The message has failed. `suspected`: it is, go on to the next one. Else what is to be recorded as the device's fault. */
  failed(failed: Suspect, failedBefore: number): 'suspected' | { readonly suspect: Suspect | undefined } {
    if (!this.doubts(failedBefore)) return { suspect: this.close() };
    this.#state = 'suspected';
    this.#suspect = failed;
    return 'suspected';
  }

  /** A device has taken a message, so it is there. The suspect, if there was one: the failure was its own. */
  answered(): Suspect | undefined {
    if (this.#state === 'watching') this.#state = 'trusted';
    if (this.#state !== 'suspected') return undefined;
    this.#state = 'guilty';
    return this.#suspect;
  }

  /** A message left the queue, or its place in it, without a device that took it. */
  passed(): void {
    if (this.#state === 'watching') this.#state = 'trusted';
  }

  /** The session goes no further. The suspect, if there is one: this time the fault is taken for the device's. */
  close(): Suspect | undefined {
    if (this.#state !== 'suspected') return undefined;
    this.#state = 'watching';
    return this.#suspect;
  }
}
