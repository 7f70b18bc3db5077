/** One message to the devices of a box, one after another, until one takes it. */
import type { Binding } from '../../../sip/read/binding.ts';
import { flowOf } from '../../../sip/read/rebinding.ts';
import type { Message } from '../../../stores/contract/message.ts';
import { deviceOf } from '../../state/bindings.ts';
import type { Failure } from '../attempt.ts';
import { hasRefused, isSecureEnough, refusalOf } from '../capabilities.ts';
import { offer } from './offer.ts';
import { AGAIN, type Again, type SessionContext } from './session.ts';
import { settle, type SessionOutcome } from './settle.ts';

/** A message that so many devices refused will find none: enough of a list to keep. */
const MAX_REFUSALS = 100;

/** What sending one message to the devices led to. */
export type Sent =
  /** A device took it. */
  | { readonly kind: 'delivered' }
  /** It is no more in the box for another reason. */
  | { readonly kind: 'ended' }
  /**
   * A device here refused it for good: it waits for another one, and those behind it go on. With the failure of a device that
   * may still take it, and the ms until the way to one is open again.
   */
  | { readonly kind: 'passed-over'; readonly failure: Failure | undefined; readonly paused: number }
  /** There is none to send it to. */
  | { readonly kind: 'no-device' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | Again;

/** What the devices have answered so far to the message that is being sent. */
interface Tally {
  /** The failure may be the message's own: it says nothing of the contact. */
  readonly doubted: boolean;
  failure: Failure | undefined;
  /** Flows that it failed at. */
  readonly failed: string[];
  /** Until the way to one of them is open again, ms. */
  paused: number;
  /** Devices that have refused it, and those that can't do MESSAGE: they have spoken for all their flows. */
  readonly refused: Set<string>;
  readonly unable: Set<string>;
}

export class SendToFirst {
  readonly #context: SessionContext;
  /** Flows that failed in this session: no further message goes to them. */
  readonly #failed = new Set<string>();
  /** Flows of devices that nothing of what was passed by is for; undefined: nothing was. */
  #ahead: ReadonlySet<string> | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /**
   * Goes on without the message, for those that it is not for: nobody else gets what is behind it before `passNoMore`. False
   * when there are none.
   */
  async passBy(message: Message): Promise<boolean> {
    const done = (await this.#left()).filter((binding) => this.#isNotFor(message, binding));
    if (done.length > 0) this.#ahead = new Set(done.map(flowOf));
    return done.length > 0;
  }

  passNoMore(): void {
    this.#ahead = undefined;
  }

  async #left(): Promise<readonly Binding[]> {
    const devices = await this.#context.devices.reachable();
    return devices.filter((binding) => {
      const flow = flowOf(binding);
      return !this.#failed.has(flow) && this.#ahead?.has(flow) !== false;
    });
  }

  /** It has refused the message, or may not have it. */
  #isNotFor(message: Message, binding: Binding): boolean {
    const { outboundProxy } = this.#context.settings;
    return hasRefused(message.refusedBy, binding) || !isSecureEnough(message, binding, outboundProxy);
  }

  /** @param doubted is the message suspected of being the fault itself? */
  async send(message: Message, doubted: boolean): Promise<Sent> {
    const left = await this.#left();
    if (left.length === 0) return { kind: 'no-device' };
    if (message.takenBy.length > 0) return this.#endTaken(message);
    const candidates = left.filter((binding) => !this.#isNotFor(message, binding));
    const tally: Tally = {
      doubted,
      failure: undefined,
      failed: [],
      paused: 0,
      refused: new Set(),
      unable: new Set(),
    };
    // A device that has refused it, or may not have it, waits for those behind it.
    const refusedHere = () => tally.refused.size > 0 || candidates.length < left.length;
    for (const [index, binding] of candidates.entries()) {
      const device = deviceOf(binding);
      if (tally.refused.has(device) || tally.unable.has(device)) continue;
      const others = index < candidates.length - 1 || refusedHere();
      const tried = await offer(this.#context, message, binding, others);
      if (tried === 'gone') return { kind: 'ended' };
      if ('paused' in tried) {
        if (tried.by === 'node') return { kind: 'again', ms: tried.paused };
        // A way that is closed keeps the message from nobody else.
        this.#failed.add(flowOf(binding));
        tally.paused = Math.max(tally.paused, tried.paused);
        continue;
      }
      const end = await this.#judge(message, binding, tried, tally);
      if (end) return end;
    }
    if (refusedHere()) {
      // Who has spoken about it is served the rest; who failed gets nothing that is behind it.
      for (const flow of tally.failed) this.#failed.add(flow);
      return { kind: 'passed-over', failure: tally.failure, paused: tally.paused };
    }
    if (tally.paused > 0) return { kind: 'again', ms: tally.paused };
    if (tally.failure) return { kind: 'failed', failure: tally.failure };
    // None has spoken about the message: those that were asked can't do MESSAGE.
    return { kind: 'no-device' };
  }

  /** What one answer leads to; undefined: the next device is tried. */
  async #judge(message: Message, binding: Binding, tried: Failure, tally: Tally): Promise<Sent | undefined> {
    const { capabilities } = this.#context;
    const { status, reason } = tried.answer;
    switch (tried.verdict) {
      case 'delivered':
      case 'dead':
        return this.#end(message, { outcome: tried.verdict, status, reason });
      case 'refused':
        if (message.refusedBy.length >= MAX_REFUSALS)
          return this.#end(message, {
            outcome: 'dead',
            status,
            reason: `refused by ${MAX_REFUSALS} devices`,
          });
        capabilities.refused(binding, message.contentType, tried.answer);
        tally.refused.add(deviceOf(binding));
        return (await this.#keepRefusal(message, binding, status)) ? undefined : AGAIN;
      case 'incapable':
        capabilities.incapable(binding);
        tally.unable.add(deviceOf(binding));
        return undefined;
      case 'away':
      case 'later':
        // This flow of the device, not those that it may have besides (RFC 5626).
        if (!tally.doubted) this.#failed.add(flowOf(binding));
        tally.failed.push(flowOf(binding));
        tally.failure = tried;
        return undefined;
    }
  }

  #keepRefusal({ id }: Message, binding: Binding, status: number): Promise<boolean> {
    const { store, lease } = this.#context;
    const refusedBy = refusalOf(binding, status);
    return store.defer(lease, id, { nextTime: 0, status, strike: false, refusedBy });
  }

  /** From a time when every device was owed everything: one has it, which is enough now. */
  async #endTaken(message: Message): Promise<Sent> {
    const end = { outcome: 'delivered', status: 200, reason: 'a device had it already' } as const;
    const sent = await this.#end(message, end);
    return sent.kind === 'delivered' ? { kind: 'ended' } : sent;
  }

  async #end(message: Message, end: SessionOutcome): Promise<Sent> {
    if (!(await settle(this.#context, this.#context.lease, message, end))) return AGAIN;
    return { kind: end.outcome === 'delivered' ? 'delivered' : 'ended' };
  }
}
