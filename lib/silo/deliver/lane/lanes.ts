/**
 * All lanes of this node: so many have their turn at a time, in an order that is fair to the domains. A lane that rests is
 * forgotten.
 */
import { BoundedMap } from '../../../base/bounded-map.ts';
import { createFairQueue } from '../../../base/fair-queue.ts';
import { logger } from '../../../base/log.ts';
import { splitAor } from '../../../sip/read/uri.ts';
import { createSetupAlert } from '../../pace/setup-alert.ts';
import type { Wake } from '../../state/wake.ts';
import { createCapabilities } from '../capabilities.ts';
import { Lane } from './lane.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import { takeTurn, type AfterTurn, type TurnContext } from './turn.ts';

const log = logger('silo:lane');

/** Boxes that are left to another node, and for how many ms. */
const MAX_ELSEWHERE = 100_000;
const ELSEWHERE_MS = 10_000;
/** Milliseconds after which a box is served again whose turn ended by a fault. */
const FAULT_MS = 5000;

export type LanesContext = Omit<TurnContext, 'capabilities' | 'setupAlert' | 'isOpen'>;

export class Lanes {
  readonly #context: TurnContext;
  readonly #renewal: LeaseRenewal;
  readonly #lanes = new Map<string, Lane>();
  readonly #queue = createFairQueue<Lane>();
  /** Those that have their turn. */
  readonly #running = new Set<Lane>();
  /** Boxes whose devices another node reaches: our sweep leaves them alone until then. */
  readonly #elsewhere = new BoundedMap<string, number>(MAX_ELSEWHERE, 'boxes-elsewhere');
  #state: 'open' | 'closing' = 'open';
  #onIdle: (() => void) | undefined;

  constructor(context: LanesContext) {
    this.#context = {
      ...context,
      capabilities: createCapabilities(),
      setupAlert: createSetupAlert(),
      isOpen: () => this.#isOpen(),
    };
    context.events.on('forget', ({ aor }) => this.#forget(aor));
    this.#renewal = new LeaseRenewal(context, () => this.#running);
  }

  /** Lanes that have their turn or wait for it. */
  get active(): number {
    return this.#running.size + this.#queue.size;
  }

  /** The box may have something to send now; with `limit` its next session delivers so many messages at the most. */
  wake(box: string, why: Wake, limit?: number): void {
    if (!this.#isOpen()) return;
    if (why === 'timer' && (this.#elsewhere.get(box) ?? 0) > performance.now()) return;
    this.#elsewhere.delete(box);
    const lane = this.#lanes.get(box) ?? new Lane(box);
    this.#lanes.set(box, lane);
    if (limit !== undefined) lane.limit(limit);
    if (lane.wake(why)) this.#enqueue(lane);
  }

  /** The devices of this box have changed: a running session asks for them again. */
  devicesChanged(box: string): void {
    this.#lanes.get(box)?.devicesChanged();
  }

  /** Starts no further message, waits at most `grace` ms for those in flight, ends the leases. */
  async close(grace: number): Promise<void> {
    this.#state = 'closing';
    this.#renewal.close();
    for (const lane of this.#lanes.values()) if (lane.state === 'waiting') lane.stop();
    if (this.#running.size === 0) return;
    const limit = setTimeout(() => this.#onIdle?.(), grace);
    await new Promise<void>((resolve) => (this.#onIdle = resolve));
    clearTimeout(limit);
    if (this.#running.size > 0)
      log.warn(
        `${this.#running.size} messages were still in flight at the end: they are sent again at the next start`,
      );
  }

  /** What is not woken in a quarantine is when it ends. */
  #isOpen(): boolean {
    return this.#state === 'open' && !this.#context.quarantine.held;
  }

  /** A lane that has its turn finds nothing, and is forgotten then. */
  #forget(box: string): void {
    const lane = this.#lanes.get(box);
    if (lane?.state === 'waiting') {
      lane.stop();
      this.#lanes.delete(box);
    }
    this.#elsewhere.delete(box);
    this.#context.capabilities.forget(box);
    this.#context.breaker.forget();
    this.#context.setupAlert.forget();
  }

  #enqueue(lane: Lane): void {
    this.#queue.add(splitAor(lane.box).host, lane);
    this.#pump();
  }

  #pump(): void {
    while (this.#running.size < this.#context.settings.maxLanes && this.#state === 'open') {
      const lane = this.#queue.take();
      if (!lane) return;
      this.#running.add(lane);
      void this.#run(lane);
    }
  }

  async #run(lane: Lane): Promise<void> {
    try {
      const after = await takeTurn(this.#context, lane);
      this.#running.delete(lane);
      this.#finish(lane, after);
    } catch (error) {
      this.#running.delete(lane);
      this.#failed(lane, error);
    }
    if (this.#running.size === 0) this.#onIdle?.();
    this.#pump();
  }

  /** The turn is over; what woke the lane meanwhile wakes it now. */
  #finish(lane: Lane, after: AfterTurn): void {
    const paused = after.kind === 'pause' && this.#state === 'open';
    const woken = paused ? lane.pause(after.ms, () => this.#ring(lane)) : lane.rest();
    if (after.kind === 'elsewhere') this.#elsewhere.set(lane.box, performance.now() + ELSEWHERE_MS);
    if (woken !== undefined) this.wake(lane.box, woken);
    if (lane.state === 'idle') this.#lanes.delete(lane.box);
  }

  #ring(lane: Lane): void {
    try {
      lane.due();
      this.#enqueue(lane);
    } catch (error) {
      this.#failed(lane, error);
    }
  }

  /** A fault of ours, or of the host app: said with its place, and the box is served again after a while. */
  #failed(lane: Lane, error: unknown): void {
    log.error(error instanceof Error && error.stack !== undefined ? error.stack : String(error));
    lane.fail(FAULT_MS, () => this.#ring(lane));
    if (this.#state === 'closing') lane.stop();
  }
}
