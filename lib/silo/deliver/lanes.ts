/**
 * Lanes: each box is served in single file. This file decides when a lane runs (wakes, the lease, how many at a time)
 * and hands the box to a session; `session.ts` sends.
 *
 *   wake ──► queued ──► leased ──► session ──► released ──► idle
 *              ▲          │ held by another node          │ woken meanwhile
 *              └──────────┴──── again when the lease ends ─┘
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { reachableFrom } from '../../sip/read/next-hop.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { Lease } from '../../stores/contract/leases.ts';
import type { Store } from '../../stores/contract/store.ts';
import { createSetupAlert } from '../pace/setup-alert.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { Boxes } from '../state/boxes.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { CircuitBreaker } from '../pace/circuit-breaker.ts';
import { createCapabilities } from './capabilities.ts';
import { createFairQueue } from '../pace/fair-queue.ts';
import type { InFlight } from '../state/in-flight.ts';
import type { RateLimit } from '../pace/rate-limit.ts';
import type { SiloSettings } from '../state/options.ts';
import { runEverySession, type EveryContext } from './every-session.ts';
import { runSession, type SessionEnd, type Wake } from './first-session.ts';

const log = logger('silo:lane');

export interface LaneDependencies {
  readonly store: Store;
  readonly port: Port;
  readonly bindings: BindingSource;
  readonly boxes: Boxes;
  readonly flights: InFlight;
  readonly pace: RateLimit;
  readonly breaker: CircuitBreaker;
  readonly events: SiloEmitter;
  readonly settings: SiloSettings;
  readonly now: () => number;
  readonly hasEnded: (key: string) => boolean;
  readonly lateDelivery: (key: string) => Promise<unknown>;
  /** Name of this process in the leases. */
  readonly owner: string;
}

export interface Lanes {
  /** The box may have something to send now. */
  wake(box: string, why: Wake): void;
  /** The next session of the box delivers so many messages at the most. */
  limit(box: string, messages: number): void;
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
  /** Called when they have: an attempt may be waiting for a device that left. */
  readonly leaving: Set<() => void>;
  /** Called when it is woken while it runs, or its devices have changed. */
  readonly woken: Set<() => void>;
  /** Its lease holds at least until then, by our own steady clock; 0: none. */
  leasedUntil: number;
}

/** Devices are looked up again after this many ms even when nobody said that they changed. */
const DEVICES_FRESH = 2000;
/** Memories of boxes and devices are bounded. */
const MAX_REMEMBERED = 100_000;
const ELSEWHERE_MS = 10_000;

export function createLanes(dependencies: LaneDependencies): Lanes {
  const { store, port, bindings, boxes, settings, now, owner } = dependencies;
  const lanes = new Map<string, Lane>();
  const queue = createFairQueue<[string, Wake]>();
  /** One timer per box at the most: its lane runs again then. */
  const timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  const capabilities = createCapabilities();
  const alarm = createSetupAlert();
  /** Box -> messages that its next session may deliver. */
  const limits = new Map<string, number>();
  /** Boxes whose devices another node reaches: our clock leaves them alone until then. */
  const elsewhere = new Map<string, number>();
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
      log.warn(`the leases could not be renewed: ${textOf(error)}`);
    }
  }

  function wake(box: string, why: Wake): void {
    if (closing) return;
    // What the clock finds is known already while a timer is set, or left to another node.
    if (why === 'timer' && (timers.has(box) || (elsewhere.get(box) ?? 0) > performance.now())) return;
    clearTimeout(timers.get(box)?.timer);
    timers.delete(box);
    elsewhere.delete(box);
    const lane = lanes.get(box);
    if (lane) {
      // A registration is the strongest reason: it lifts back-offs.
      if (lane.again !== 'register') lane.again = why;
      for (const listener of lane.woken) listener();
      return;
    }
    lanes.set(box, {
      again: undefined,
      leaving: new Set(),
      woken: new Set(),
      devicesChanged: false,
      leasedUntil: 0,
    });
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
      if (!(await hasDevices(box))) {
        // A limit is for this wake: the next registration empties the box.
        limits.delete(box);
        return;
      }
      const asked = performance.now();
      const claim = await store.claim(box, owner, settings.leaseTime);
      if (!('lease' in claim)) {
        // Where every device is owed everything, the other node may be done long before its lease ends.
        later(box, why, settings.deliverTo === 'every' ? 1 : claim.heldFor + 1);
        return;
      }
      ({ lease } = claim);
      const lane = lanes.get(box);
      if (lane) lane.leasedUntil = asked + leaseMs;
      const run = settings.deliverTo === 'every' ? runEverySession : runSession;
      await finish(box, why, await run(contextOf(box, lane), lease, why));
    } catch (error) {
      log.warn(`the box of ${box} could not be served: ${textOf(error)}`);
      later(box, why, 5);
    } finally {
      if (lease)
        await store
          .release(lease)
          .catch((error: unknown) => log.warn(`a lease could not be ended: ${textOf(error)}`));
    }
  }

  /** Is there a device that this node can send to? If not, says when the clock need look again. */
  async function hasDevices(box: string): Promise<boolean> {
    const known = await bindings.find(box);
    if (known.some(usable)) return true;
    const none = known.length === 0 ? !bindings.partial : known.every((binding) => !binding.takesMessage);
    if (none) {
      await store.park(box, now(), 0);
      if (settings.deliverTo === 'every') await store.parkDevices(box, now());
    } else {
      // Another node has the connection, or knows the device: it looks at the table, too.
      elsewhere.set(box, performance.now() + ELSEWHERE_MS);
      forgetOldest(elsewhere);
    }
    return false;
  }

  function contextOf(box: string, lane: Lane | undefined): EveryContext {
    const limit = limits.get(box) ?? Infinity;
    limits.delete(box);
    return {
      ...dependencies,
      limit,
      devices: cachedDevices(box),
      registered: () => bindings.find(box),
      able,
      onWake: (listener) => {
        lane?.woken.add(listener);
        return () => lane?.woken.delete(listener);
      },
      // Whoever slept through the lease (a stopped process, a stalled event loop) must not send on.
      mayGoOn: () => !closing && performance.now() < (lane?.leasedUntil ?? 0),
      mark: () => boxes.mark(),
      capabilities,
      alarm,
      onLeaving: (binding, listener) => {
        const check = () => {
          void bindings.find(box).then(
            (known) => {
              if (!known.some((other) => other.contact === binding.contact)) listener();
            },
            () => undefined,
          );
        };
        lane?.leaving.add(check);
        return () => lane?.leaving.delete(check);
      },
    };
  }

  /** When the box is served again. */
  async function finish(box: string, why: Wake, end: SessionEnd): Promise<void> {
    switch (end.kind) {
      case 'empty':
        boxes.foundEmpty(box, end.mark);
        break;
      case 'until':
        // Those behind the head are not due before it is: the clock need not find them.
        await store.park(box, now(), end.time);
        break;
      case 'again':
        later(box, why, end.ms / 1000);
        break;
      case 'waits':
    }
  }

  /** Runs the lane again after so many seconds, or earlier when somebody wakes it. */
  function later(box: string, why: Wake, seconds: number): void {
    const at = performance.now() + seconds * 1000;
    const set = timers.get(box);
    if (closing || (set && set.at <= at)) return;
    clearTimeout(set?.timer);
    const timer = setTimeout(() => {
      timers.delete(box);
      wake(box, why);
    }, seconds * 1000);
    timer.unref();
    timers.set(box, { timer, at });
  }

  async function devicesOf(box: string): Promise<readonly Binding[]> {
    return (await bindings.find(box)).filter(usable).sort((a, b) => b.q - a.q || b.updated - a.updated);
  }

  function usable(binding: Binding): boolean {
    return able(binding) && reachableFrom(port.server(), binding);
  }

  /** Can the device take messages, from whichever node? */
  function able(binding: Binding): boolean {
    return binding.takesMessage && capabilities.takesMessages(binding);
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
      return devices.filter((binding) => binding.expires > now() && able(binding));
    };
  }

  return {
    wake,
    limit: (box, messages) => {
      limits.set(box, messages);
      forgetOldest(limits);
    },
    devicesChanged: (box) => {
      const lane = lanes.get(box);
      if (!lane) return;
      lane.devicesChanged = true;
      for (const listener of [...lane.leaving, ...lane.woken]) listener();
    },
    get active() {
      return lanes.size;
    },
    close: async (grace) => {
      closing = true;
      clearInterval(renewal);
      for (const { timer } of timers.values()) clearTimeout(timer);
      timers.clear();
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

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}
