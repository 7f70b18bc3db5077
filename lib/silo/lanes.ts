/**
 * Lanes: each box is served in single file. This file decides when a lane runs (wakes, the lease, how many at a time)
 * and hands the box to a session; `session.ts` sends.
 *
 *   wake ──► queued ──► leased ──► session ──► released ──► idle
 *              ▲          │ held by another node          │ woken meanwhile
 *              └──────────┴──── again when the lease ends ─┘
 */
import { messageOf } from '../errors.ts';
import { logger } from '../log.ts';
import type { Port } from '../sip/port.ts';
import type { Binding, Lease, Store } from '../stores/store.ts';
import { deviceOf, reachableFrom, type BindingSource } from './bindings.ts';
import type { Boxes } from './boxes.ts';
import type { SiloEmitter } from './events.ts';
import type { Breaker } from './breaker.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Flights } from './flights.ts';
import type { Pace } from './pace.ts';
import type { SiloSettings } from './options.ts';
import { runSession, type Wake } from './session.ts';

const log = logger('silo:lane');

export interface LaneDependencies {
  readonly store: Store;
  readonly port: Port;
  readonly bindings: BindingSource;
  readonly boxes: Boxes;
  readonly flights: Flights;
  readonly pace: Pace;
  readonly breaker: Breaker;
  readonly events: SiloEmitter;
  readonly settings: SiloSettings;
  readonly now: () => number;
  readonly hasEnded: (key: string) => boolean;
  /** Name of this process in the leases. */
  readonly owner: string;
}

export interface Lanes {
  /** The box may have something to send now. */
  wake(box: string, why: Wake): void;
  /** The devices of this box have changed: a running session asks for them again. */
  devicesChanged(box: string): void;
  /** Lanes that run or wait to run. */
  readonly active: number;
  /** Starts no further message, waits at most `grace` ms for those in flight, ends the leases. */
  close(grace: number): Promise<void>;
}

interface Lane {
  /** Woken while it ran. */
  again: Wake | undefined;
  devicesChanged: boolean;
  /** Its lease holds at least until then, by our own steady clock; 0: none. */
  leasedUntil: number;
}

/** Devices are looked up again after this many ms even when nobody said that they changed. */
const DEVICES_FRESH = 2000;
const MAX_INCAPABLE = 100_000;

export function createLanes(dependencies: LaneDependencies): Lanes {
  const { store, port, bindings, boxes, settings, now, owner } = dependencies;
  const lanes = new Map<string, Lane>();
  const queue = createFairQueue<[string, Wake]>();
  const timers = new Set<NodeJS.Timeout>();
  /** device -> its user agent when it said that it can't do MESSAGE. */
  const incapable = new Map<string, string>();
  /** Boxes whose head is in back-off: a timer that wakes for a message behind it has nothing to do yet. */
  const asleep = new Map<string, number>();
  let running = 0;
  let closing = false;
  let idle: (() => void) | undefined;
  const leaseMs = (settings.leaseTime - 1) * 1000;

  const renewal = setInterval(
    () => {
      if (running > 0) void renew();
    },
    (settings.leaseTime * 1000) / 3,
  );
  renewal.unref();

  async function renew(): Promise<void> {
    const asked = performance.now();
    try {
      await store.renew(owner, settings.leaseTime);
      // A lease that had run out by then may be somebody else's by now, and was not prolonged.
      for (const lane of lanes.values()) if (lane.leasedUntil > asked) lane.leasedUntil = asked + leaseMs;
    } catch (error) {
      log.warn(`the leases could not be renewed: ${messageOf(error)}`);
    }
  }

  function wake(box: string, why: Wake): void {
    if (closing) return;
    if (why === 'timer' && (asleep.get(box) ?? 0) > now()) return;
    asleep.delete(box);
    const lane = lanes.get(box);
    if (lane) {
      // A registration is the strongest reason: it lifts back-offs.
      if (lane.again !== 'register') lane.again = why;
      return;
    }
    lanes.set(box, { again: undefined, devicesChanged: false, leasedUntil: 0 });
    queue.add(box.slice(box.lastIndexOf('@') + 1), [box, why]);
    pump();
  }

  function pump(): void {
    while (running < settings.maxLanes && !closing) {
      const next = queue.take();
      if (!next) return;
      const [box, why] = next;
      running++;
      void serve(box, why).finally(() => {
        running--;
        const lane = lanes.get(box);
        lanes.delete(box);
        if (lane?.again !== undefined) wake(box, lane.again);
        if (running === 0) idle?.();
        pump();
      });
    }
  }

  async function serve(box: string, why: Wake): Promise<void> {
    let lease: Lease | undefined;
    try {
      if (!port.connected()) {
        later(box, why, 2);
        return;
      }
      const known = await bindings.find(box);
      if (known.length === 0) {
        await store.park(box, now());
        return;
      }
      // Those that another node's drachtio-server has the connection of are that node's: it looks at the table, too.
      if (!known.some(usable)) return;
      const asked = performance.now();
      const claim = await store.claim(box, owner, settings.leaseTime);
      if (!('lease' in claim)) {
        later(box, why, claim.heldFor + 1);
        return;
      }
      ({ lease } = claim);
      const lane = lanes.get(box);
      if (lane) lane.leasedUntil = asked + leaseMs;
      await runSession(
        {
          ...dependencies,
          devices: cachedDevices(box),
          // Whoever slept through the lease (a stopped process, a stalled event loop) must not send on.
          mayGoOn: () => !closing && performance.now() < (lane?.leasedUntil ?? 0),
          retryIn: (ms) => later(box, why, ms / 1000),
          mark: () => boxes.mark(),
          foundEmpty: (mark) => boxes.foundEmpty(box, mark),
          sleepUntil: (time) => asleep.set(box, time),
          incapable: (binding) => {
            incapable.delete(deviceOf(binding));
            incapable.set(deviceOf(binding), binding.userAgent);
            const [oldest] = incapable.keys();
            if (incapable.size > MAX_INCAPABLE && oldest !== undefined) incapable.delete(oldest);
          },
        },
        lease,
        why,
      );
    } catch (error) {
      log.warn(`the box of ${box} could not be served: ${messageOf(error)}`);
      later(box, why, 5);
    } finally {
      if (lease)
        await store
          .release(lease)
          .catch((error: unknown) => log.warn(`a lease could not be ended: ${messageOf(error)}`));
    }
  }

  function later(box: string, why: Wake, seconds: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      wake(box, why);
    }, seconds * 1000);
    timer.unref();
    timers.add(timer);
  }

  async function devicesOf(box: string): Promise<readonly Binding[]> {
    return (await bindings.find(box)).filter(usable).sort((a, b) => b.q - a.q || b.updated - a.updated);
  }

  function usable(binding: Binding): boolean {
    if (!binding.takesMessage || !reachableFrom(port.server(), binding)) return false;
    const agent = incapable.get(deviceOf(binding));
    if (agent === undefined) return true;
    if (agent === binding.userAgent) return false;
    incapable.delete(deviceOf(binding));
    return true;
  }

  function cachedDevices(box: string): () => Promise<readonly Binding[]> {
    let devices: readonly Binding[] = [];
    let fetched = -Infinity;
    return async () => {
      const lane = lanes.get(box);
      if (lane?.devicesChanged || performance.now() - fetched > DEVICES_FRESH) {
        if (lane) lane.devicesChanged = false;
        fetched = performance.now();
        devices = await devicesOf(box);
      }
      return devices.filter((binding) => binding.expires > now());
    };
  }

  return {
    wake,
    devicesChanged: (box) => {
      const lane = lanes.get(box);
      if (lane) lane.devicesChanged = true;
    },
    get active() {
      return lanes.size;
    },
    close: async (grace) => {
      closing = true;
      clearInterval(renewal);
      for (const timer of timers) clearTimeout(timer);
      if (running === 0) return;
      const limit = setTimeout(() => idle?.(), grace);
      await new Promise<void>((resolve) => (idle = resolve));
      clearTimeout(limit);
      if (running > 0)
        log.warn(
          `${running} messages were still in flight at the end: they are sent again at the next start`,
        );
    },
  };
}
