/**
 * A session in which every known device gets every message (`deliverTo: 'every'`): the box is leased as always, and each
 * device has a run of its own, so that a slow one does not keep the others waiting.
 *
 *   ready ──begin──► serving ──end──► over
 */
import { assertState } from '../../../base/state.ts';
import type { Place } from '../../../stores/contract/message.ts';
import { deviceOf } from '../../state/bindings.ts';
import { DeviceBackoff } from './device-backoff.ts';
import { DeviceRun, type DeviceRunContext, type DeviceRunEnd } from './device-run.ts';
import { PendingDevices } from './pending-devices.ts';
import { PAGE, type SessionContext, type SessionEnd } from './session.ts';

export class EverySession {
  readonly #context: SessionContext;
  #state: 'ready' | 'serving' | 'over' = 'ready';
  readonly #runs = new Map<string, DeviceRun>();
  readonly #running = new Set<Promise<void>>();
  /** The longest pause that a run asked for, in ms. */
  #pause = 0;
  /** Has a device turned out unable to take messages? */
  #unable = false;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  async run(): Promise<SessionEnd> {
    assertState('a session', 'begin', this.#state, ['ready']);
    this.#state = 'serving';
    try {
      return await this.#serve();
    } finally {
      this.#state = 'over';
    }
  }

  async #serve(): Promise<SessionEnd> {
    const { store, boxes, lease, why, now } = this.#context;
    const { box } = lease;
    // What is due is looked at now; a device that can't be reached waits for its registration.
    await store.park(box, now(), 0);
    const backoff = new DeviceBackoff(this.#context, await store.deviceStates(box));
    const pending = new PendingDevices(this.#context, backoff.states);
    await this.#serveAll({ ...this.#context, backoff, pending });
    await store.parkDevices(box, now());
    // Who is owed what changes with the devices, not with each message: the look at all that wait is not for each of those.
    if (why === 'register' || this.#unable) await this.#endThoseDone(pending);
    if (this.#pause > 0) return { kind: 'again', ms: this.#pause };
    const mark = boxes.mark();
    const left = await store.waiting(box, now(), 1);
    return left.length === 0 ? { kind: 'empty', mark } : { kind: 'waits' };
  }

  /** A run for each device, also for those that come meanwhile, until none has anything to do. */
  async #serveAll(context: DeviceRunContext): Promise<void> {
    let woken: () => void = () => undefined;
    const stop = context.devices.onNews(() => {
      for (const run of this.#runs.values()) run.wake();
      woken();
    });
    try {
      for (let round = 0; ; round++) {
        const wake = new Promise<void>((resolve) => (woken = resolve));
        const reachable = await context.devices.reachable();
        if (round > 0)
          for (const binding of reachable)
            if (binding.instance !== undefined) context.backoff.met(deviceOf(binding));
        for (const device of new Set(reachable.map(deviceOf))) this.#start(context, device);
        if (this.#running.size === 0) return;
        await Promise.race([wake, ...this.#running]);
      }
    } finally {
      stop();
      // One that failed does not leave the others behind.
      await Promise.allSettled(this.#running);
    }
  }

  #start(context: DeviceRunContext, device: string): void {
    const run = this.#runs.get(device) ?? new DeviceRun(context, device);
    this.#runs.set(device, run);
    if (run.state !== 'due') return;
    const running = run
      .run()
      .then((end) => this.#ended(end))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #ended(end: DeviceRunEnd): void {
    if (end === 'unable') this.#unable = true;
    else if (end !== 'done') this.#pause = Math.max(this.#pause, end.pause);
  }

  /** What no device is owed any more ends, though the last one was not done with it: it turned out unable, or was forgotten. */
  async #endThoseDone(pending: PendingDevices): Promise<void> {
    const { store, lease, now } = this.#context;
    let after: Place | undefined;
    for (;;) {
      const page = await store.waiting(lease.box, now(), PAGE, { after });
      if (page.length === 0) return;
      for (const message of page) await pending.endIfDone(message);
      after = page.at(-1);
    }
  }
}
