/**
 * Who is owed what, where every device gets every message: who has a message and who refused it stands in the message
 * itself; it ends when no known device is owed it any more. Known are devices with an instance, for some time after their
 * last registration, and those that are registered.
 */
import type { Binding } from '../../../sip/read/binding.ts';
import type { DeviceState } from '../../../stores/contract/devices.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { Message } from '../../../stores/contract/message.ts';
import type { Store } from '../../../stores/contract/store.ts';
import { deviceOf } from '../../state/bindings.ts';
import type { SiloEmitter } from '../../state/events.ts';
import type { SiloSettings } from '../../state/options.ts';
import type { SessionDevices } from './session.ts';
import { settle, type SessionOutcome } from './settle.ts';

interface PendingContext {
  readonly store: Pick<Store, 'settle' | 'take' | 'defer'>;
  readonly events: Pick<SiloEmitter, 'emit'>;
  readonly now: () => number;
  readonly settings: Pick<SiloSettings, 'newDeviceAge' | 'node'>;
  readonly lease: Lease;
  readonly devices: Pick<SessionDevices, 'registered' | 'able'>;
}

/** A device is done with a message. */
export interface Done {
  readonly kind: 'taken' | 'refused';
  readonly status: number;
  readonly reason: string;
}

/** Devices that leave are heard of after this many seconds at the latest. */
const FRESH = 2;

export class PendingDevices {
  readonly #context: PendingContext;
  readonly #states: ReadonlyMap<string, DeviceState>;
  /** Devices that are done with the messages that we have seen: newer than what was read of them. */
  readonly #done = new Map<number, { readonly taken: Set<string>; readonly refused: Set<string> }>();
  readonly #ended = new Set<number>();
  #registered: readonly Binding[] = [];
  /** When we asked for them. */
  #asked = -Infinity;

  constructor(context: PendingContext, states: ReadonlyMap<string, DeviceState>) {
    this.#context = context;
    this.#states = states;
  }

  /** Is the message over? */
  hasEnded({ id }: Message): boolean {
    return this.#ended.has(id);
  }

  /** It has ended by other means. */
  gone({ id }: Message): void {
    this.#ended.add(id);
  }

  isOwed(device: string, message: Message): boolean {
    const firstSeen = this.#states.get(device)?.firstSeen ?? 0;
    // A new device gets what waits only up to some age.
    const since = Math.max(message.incTime, message.sendTime);
    if (since < firstSeen - this.#context.settings.newDeviceAge) return false;
    const { taken, refused } = this.#of(message);
    return !taken.has(device) && !refused.has(device);
  }

  async done(device: string, message: Message, { kind, status, reason }: Done): Promise<void> {
    this.#of(message)[kind].add(device);
    if (await this.endIfDone(message, status, reason)) return;
    const { store, lease } = this.#context;
    if (kind === 'taken') {
      if (await store.take(lease, message.id, device)) return;
      // It was made to give way meanwhile, or the lease is stale: the ledger knows which.
      this.#ended.add(message.id);
      await settle(this.#context, lease, message, { outcome: 'delivered', status, reason });
    } else await store.defer(lease, message.id, { nextTime: 0, status, strike: false, refusedBy: device });
  }

  /** Ends the message when no device is owed it any more. */
  async endIfDone(message: Message, status = 0, reason = ''): Promise<boolean> {
    if (this.#ended.has(message.id)) return true;
    const { taken, refused } = this.#of(message);
    if (taken.size + refused.size === 0) return false;
    for (const device of await this.#known(message)) if (this.isOwed(device, message)) return false;
    this.#ended.add(message.id);
    const end: SessionOutcome =
      taken.size > 0
        ? { outcome: 'delivered', status: 200, reason: `${taken.size} devices have it` }
        : {
            outcome: 'dead',
            status: status || message.lastStatus,
            reason: reason || 'every device refused it',
          };
    await settle(this.#context, this.#context.lease, message, end);
    return true;
  }

  #of(message: Message): { readonly taken: Set<string>; readonly refused: Set<string> } {
    const known = this.#done.get(message.id) ?? { taken: new Set<string>(), refused: new Set<string>() };
    for (const device of message.takenBy) known.taken.add(device);
    for (const device of message.refusedBy) known.refused.add(device);
    this.#done.set(message.id, known);
    return known;
  }

  /** A device that came after the message was accepted is not counted: a list that is younger than the message is good for it. */
  async #registeredFor({ incTime }: Message): Promise<readonly Binding[]> {
    const { now, devices } = this.#context;
    if (incTime >= this.#asked || now() > this.#asked + FRESH) {
      this.#asked = now();
      this.#registered = await devices.registered();
    }
    return this.#registered;
  }

  async #known(message: Message): Promise<ReadonlySet<string>> {
    const { devices } = this.#context;
    const now = this.#context.now();
    const remembered = [...this.#states.values()].filter(({ until }) => until > now);
    const known = new Set(remembered.map(({ device }) => device));
    const registered = await this.#registeredFor(message);
    // A device that is registered and can't take messages (any more) is owed none, one with a single flow that can is owed all.
    for (const binding of registered) if (!devices.able(binding)) known.delete(deviceOf(binding));
    for (const binding of registered) if (devices.able(binding)) known.add(deviceOf(binding));
    return known;
  }
}
