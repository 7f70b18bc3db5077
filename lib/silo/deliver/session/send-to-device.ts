/** One message to one device, by its flows in turn (RFC 5626). */
import type { Binding } from '../../../sip/read/binding.ts';
import { flowOf } from '../../../sip/read/rebinding.ts';
import type { Message } from '../../../stores/contract/message.ts';
import { deviceOf } from '../../state/bindings.ts';
import type { Failure } from '../attempt.ts';
import { isSecureEnough } from '../capabilities.ts';
import { offer } from './offer.ts';
import type { Done } from './pending-devices.ts';
import type { Again, SessionContext } from './session.ts';

/** What became of a message with one device. */
export type SentToDevice =
  | Done
  | { readonly kind: 'gone' | 'unable' }
  /** It may go there over TLS only: it waits until the device registers so. */
  | { readonly kind: 'insecure' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | Again;

export class SendToDevice {
  readonly #context: SessionContext;
  readonly #device: string;
  /** Flows that failed: the others are tried before them. */
  readonly #failed = new Set<string>();

  constructor(context: SessionContext, device: string) {
    this.#device = device;
    // A late answer is that of this device, and of no other.
    this.#context = { ...context, lateDelivery: (key) => context.store.takeByKey(key, device) };
  }

  /** @param attempts failed ones before, of whatever is first in line for this device */
  async send(message: Message, attempts: number): Promise<SentToDevice> {
    const all = await this.#flows();
    const { outboundProxy } = this.#context.settings;
    const flows = all.filter((flow) => isSecureEnough(message, flow, outboundProxy));
    if (flows.length < all.length && flows.length === 0) return { kind: 'insecure' };
    let failure: Failure | undefined;
    for (const [index, binding] of flows.entries()) {
      const tried = await offer(this.#context, { ...message, attempts }, binding, index < flows.length - 1);
      if (tried === 'gone') return { kind: 'gone' };
      if ('paused' in tried) return { kind: 'again', ms: tried.paused };
      const sent = this.#judge(message, binding, tried);
      if (sent) return sent;
      failure = tried;
    }
    return failure ? { kind: 'failed', failure } : { kind: 'unable' };
  }

  async #flows(): Promise<readonly Binding[]> {
    const flows = (await this.#context.devices.reachable()).filter((flow) => deviceOf(flow) === this.#device);
    return flows.sort((a, b) => Number(this.#failed.has(flowOf(a))) - Number(this.#failed.has(flowOf(b))));
  }

  /** What the answer means for the device; undefined: its next flow is tried. */
  #judge(message: Message, binding: Binding, { answer, verdict }: Failure): SentToDevice | undefined {
    const { capabilities } = this.#context;
    const { status, reason } = answer;
    switch (verdict) {
      case 'delivered':
        return { kind: 'taken', status, reason };
      case 'refused':
        capabilities.refused(binding, message.contentType, answer);
        return { kind: 'refused', status, reason };
      case 'dead':
        return { kind: 'refused', status, reason };
      case 'incapable':
        capabilities.incapable(binding);
        return { kind: 'unable' };
      case 'away':
      case 'later':
        this.#failed.add(flowOf(binding));
        return undefined;
    }
  }
}
