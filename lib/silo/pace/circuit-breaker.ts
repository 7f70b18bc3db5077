/**
 * A circuit breaker per next hop. A proxy that is down must not cost every message an attempt: after a few 503 in a row,
 * for several devices behind it, nothing is sent along that way for a while, then one message tries. A single phone that
 * can't be reached opens nothing: its own back-off does, and its registration lifts that.
 *
 *   closed ──5 failures──► open ──time──► one trial ──2xx to 4xx──► closed
 *                           ▲                 │ 503
 *                           └──── twice as long ◄┘
 */
import { BoundedMap } from '../../base/bounded-map.ts';

/** Failing hops that are remembered: a phone without a proxy is one of its own. */
const MOST = 10_000;
const FAILURES = 5;
const DEVICES = 3;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;
/** A trial that never reports its result ends after this. */
const TRIAL_MS = 40_000;

export interface CircuitBreaker {
  /** Milliseconds to wait before sending to this hop; 0: send now (and report). */
  wait(hop: string): number;
  /** What became of a message to this contact; `retryAfter`: seconds that the hop asked for. */
  report(hop: string, contact: string, worked: boolean, retryAfter?: number): void;
  /** Hops and contacts name people, and whom is not known here: each hop is tried anew. */
  forget(): void;
}

interface State {
  failures: number;
  readonly contacts: Set<string>;
  openMs: number;
  until: number;
}

export function createCircuitBreaker(now = () => performance.now()): CircuitBreaker {
  // Only hops that fail are in here; each leaves with its first success, those that failed longest ago when there are many.
  const states = new BoundedMap<string, State>(MOST, 'failing-hops');
  return {
    wait: (hop) => {
      const state = states.get(hop);
      if (!state || !open(state)) return 0;
      const left = state.until - now();
      if (left > 0) return left;
      state.until = now() + TRIAL_MS;
      return 0;
    },
    forget: () => states.clear(),
    report: (hop, contact, worked, retryAfter = 0) => {
      if (worked) {
        states.delete(hop);
        return;
      }
      const state = states.get(hop) ?? {
        failures: 0,
        contacts: new Set<string>(),
        openMs: FIRST_MS / 2,
        until: 0,
      };
      state.failures++;
      if (state.contacts.size < DEVICES) state.contacts.add(contact);
      if (open(state)) {
        state.openMs = Math.min(state.openMs * 2, LONGEST_MS);
        state.until = now() + Math.max(state.openMs, retryAfter * 1000);
      }
      states.set(hop, state);
    },
  };
}

function open({ failures, contacts }: State): boolean {
  return failures >= FAILURES && contacts.size >= DEVICES;
}
