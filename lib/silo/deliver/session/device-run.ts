/**
 * The messages that one device is owed, where every device gets every message: in order, one in flight.
 *
 *   due ──run──► running ──end──► done ──wake──► due
 *   running ──wake──► woken ──end──► due
 */
import { assertState } from '../../../base/state.ts';
import type { Message, Place } from '../../../stores/contract/message.ts';
import type { DeviceBackoff } from './device-backoff.ts';
import type { PendingDevices } from './pending-devices.ts';
import { SendToDevice } from './send-to-device.ts';
import { AGAIN, PAGE, type SessionContext } from './session.ts';
import { SuspectHead, type Suspect } from './suspect-head.ts';

export type DeviceRunState = 'due' | 'running' | 'woken' | 'done';

/** How a run ended: all is sent or held; the device can't do MESSAGE; or it goes on after so many ms. */
export type DeviceRunEnd = 'done' | 'unable' | { readonly pause: number };

/** What came of one message: the run goes on, or has ended. */
type Step = 'progress' | 'nothing' | DeviceRunEnd;

export interface DeviceRunContext extends SessionContext {
  readonly backoff: DeviceBackoff;
  readonly pending: PendingDevices;
}

export class DeviceRun {
  readonly #context: DeviceRunContext;
  readonly #device: string;
  #state: DeviceRunState = 'due';
  #head = new SuspectHead();
  #sender: SendToDevice;
  /** Messages that the device has taken in this session. */
  #taken = 0;

  constructor(context: DeviceRunContext, device: string) {
    this.#context = context;
    this.#device = device;
    this.#sender = new SendToDevice(context, device);
  }

  get state(): DeviceRunState {
    return this.#state;
  }

  /** Something is new in the box or with its devices: one more look. */
  wake(): void {
    if (this.#state === 'done') this.#state = 'due';
    if (this.#state === 'running') this.#state = 'woken';
  }

  async run(): Promise<DeviceRunEnd> {
    assertState(`the run of ${this.#device}`, 'run', this.#state, ['due']);
    this.#state = 'running';
    this.#head = new SuspectHead();
    this.#sender = new SendToDevice(this.#context, this.#device);
    try {
      return await this.#passes();
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#state = this.#state === 'woken' ? 'due' : 'done';
  }

  /** Until one finds nothing: a row of another node may become visible before those that were sent. */
  async #passes(): Promise<DeviceRunEnd> {
    try {
      for (;;) {
        const end = await this.#pass();
        if (end !== 'progress') return end;
      }
    } finally {
      const suspect = this.#head.close();
      if (suspect) await this.#record(suspect, false);
    }
  }

  async #pass(): Promise<'progress' | DeviceRunEnd> {
    const { store, lease, now } = this.#context;
    let found: 'progress' | 'done' = 'done';
    let after: Place | undefined;
    for (;;) {
      const page = await store.waiting(lease.box, now(), PAGE, { after, device: this.#device });
      if (page.length === 0) return found;
      for (const message of page) {
        after = message;
        const step = await this.#step(message);
        if (step === 'progress') found = step;
        else if (step !== 'nothing') return step;
      }
    }
  }

  async #step(message: Message): Promise<Step> {
    const { mayGoOn, limit, backoff, pending } = this.#context;
    if (!mayGoOn()) return { pause: AGAIN.ms };
    if (pending.hasEnded(message) || !pending.isOwed(this.#device, message)) return 'nothing';
    if (this.#head.stepsOver(message)) return 'nothing';
    // The back-off is that of the head: when that is stepped over, those behind it are sent all the same.
    if (backoff.holds(this.#device) && !this.#head.isSteppedOver) return 'done';
    return this.#taken >= limit ? 'done' : this.#send(message);
  }

  async #send(message: Message): Promise<Step> {
    const { backoff, pending } = this.#context;
    const failedBefore = backoff.attempts(this.#device);
    const sent = await this.#sender.send(message, failedBefore);
    switch (sent.kind) {
      case 'taken':
      case 'refused': {
        if (sent.kind === 'taken') this.#taken++;
        await pending.done(this.#device, message, sent);
        const suspect = this.#head.answered();
        if (suspect) await this.#record(suspect, true);
        else if (!this.#head.isSteppedOver) await backoff.release(this.#device);
        return 'progress';
      }
      case 'gone':
        pending.gone(message);
        return 'nothing';
      case 'insecure':
        return 'nothing';
      case 'unable':
        return 'unable';
      case 'again':
        return { pause: sent.ms };
      case 'failed': {
        // The back-off is recorded already, with the failure of the head.
        if (this.#head.state === 'guilty') return 'done';
        const failed = { message, failure: sent.failure };
        const judged = this.#head.failed(failed, failedBefore);
        if (judged === 'suspected') return 'nothing';
        return (await this.#record(judged.suspect ?? failed, false)) ? 'progress' : 'done';
      }
    }
  }

  /** The failure of the head: back-off for the device. True when it was the last one, and the device is done with the message. */
  async #record({ message, failure }: Suspect, ownFault: boolean): Promise<boolean> {
    const { backoff, pending } = this.#context;
    const strike = ownFault || failure.verdict === 'later';
    if (!(await backoff.hold(this.#device, failure, strike))) return false;
    const { status, reason } = failure.answer;
    await pending.done(this.#device, message, { kind: 'refused', status, reason: `no success: ${reason}` });
    await backoff.release(this.#device);
    return true;
  }
}
