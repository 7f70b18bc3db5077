/** The back-off of each device of a box, where every device gets every message. */
import type { DeviceState, DeviceStore } from '../../../stores/contract/devices.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { SiloSettings } from '../../state/options.ts';
import { backoff, retryAfter } from '../../state/retry-times.ts';
import { waitsForDevice } from '../../state/outcome.ts';
import type { Wake } from '../../state/wake.ts';
import type { Failure } from '../attempt.ts';

interface BackoffContext {
  readonly store: Pick<DeviceStore, 'holdDevice' | 'deviceStates'>;
  readonly now: () => number;
  readonly settings: Pick<SiloSettings, 'maxAttempts' | 'outcomes'>;
  readonly lease: Lease;
  readonly why: Wake;
}

export class DeviceBackoff {
  readonly states: Map<string, DeviceState>;
  readonly #context: BackoffContext;

  constructor(context: BackoffContext, states: readonly DeviceState[]) {
    this.#context = context;
    this.states = new Map(states.map((state) => [state.device, state]));
  }

  /** It has registered while the session runs: unless it is known, it is seen for the first time now. */
  met(device: string): void {
    if (this.states.has(device)) return;
    const firstSeen = this.#context.now();
    const none = { attempts: 0, strikes: 0, nextTime: 0, lastStatus: 0 };
    this.states.set(device, { device, firstSeen, until: 0, ...none });
  }

  /** Failed attempts of the device's first message. */
  attempts(device: string): number {
    return this.states.get(device)?.attempts ?? 0;
  }

  /** Is the device to be left alone? A registration lifts the back-off of one that was away. */
  holds(device: string): boolean {
    const { now, why, settings } = this.#context;
    const state = this.states.get(device);
    if (!state || state.nextTime <= now()) return false;
    return !(why === 'register' && waitsForDevice(state.lastStatus, settings.outcomes));
  }

  /** The first message waits. True when it has had all its attempts. */
  async hold(device: string, { answer }: Failure, strike: boolean): Promise<boolean> {
    if (await this.#isTakenUpAgain(device)) return false;
    const { now, settings } = this.#context;
    const attempts = this.attempts(device) + 1;
    const strikes = (this.states.get(device)?.strikes ?? 0) + (strike ? 1 : 0);
    const nextTime = now() + Math.max(backoff(attempts), retryAfter(answer));
    await this.#set(device, { attempts, strikes, nextTime, lastStatus: answer.status });
    return strikes >= settings.maxAttempts;
  }

  /** By an operator, since this attempt began: its failure does not count, and the sweep finds what is due. */
  async #isTakenUpAgain(device: string): Promise<boolean> {
    if (this.attempts(device) === 0) return false;
    const { store, lease } = this.#context;
    const state = (await store.deviceStates(lease.box)).find((one) => one.device === device);
    if (state?.attempts !== 0) return false;
    this.states.set(device, state);
    return true;
  }

  async release(device: string): Promise<void> {
    if (this.attempts(device) > 0)
      await this.#set(device, { attempts: 0, strikes: 0, nextTime: 0, lastStatus: 0 });
  }

  async #set(
    device: string,
    hold: Pick<DeviceState, 'attempts' | 'strikes' | 'nextTime' | 'lastStatus'>,
  ): Promise<void> {
    const { store, lease } = this.#context;
    const now = this.#context.now();
    const state = this.states.get(device) ?? { device, firstSeen: now, until: 0 };
    this.states.set(device, { ...state, ...hold });
    await store.holdDevice(lease, device, now, hold);
  }
}
