/**
 * Senders that go on whatever happens to the database, and a ledger of what they were told.
 * Each sends one message after the other; one that was refused is sent again with the same key, as a phone does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../lib/stores/contract/store.ts';
import { aMessage } from '../stores/contract/messages.ts';
import { LONG, until } from '../support/until.ts';

export interface Report {
  /** Keys that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Keys of which the sender was told nothing but refusals. */
  readonly refused: ReadonlySet<string>;
  /** How often somebody was refused. */
  readonly refusals: number;
  /** Whatever was thrown that was not `SILO_STORE_UNAVAILABLE`. */
  readonly surprises: readonly unknown[];
  /** Longest time in which nothing was acknowledged, ms. */
  readonly outage: number;
  /** Longest wait for an answer, good or bad, ms. */
  readonly slowest: number;
}

export interface Senders {
  /** Acknowledged so far. */
  readonly acknowledged: number;
  /** Resolves when so many more have been acknowledged. */
  more(count: number): Promise<void>;
  /** Resolves when somebody has been refused after the call. */
  refusal(): Promise<void>;
  /** Resolves with the first acknowledgement of something sent after the call; how many ms that took. */
  recovery(): Promise<number>;
  /** Lets everybody finish what is under way. */
  stop(): Promise<Report>;
}

export function startSenders(store: Pick<Store, 'accept'>, box: string, body?: Buffer, count = 8): Senders {
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  const surprises: unknown[] = [];
  const waiting = new Set<{ readonly since: number; readonly done: (ms: number) => void }>();
  let [refusals, outage, slowest, last] = [0, 0, 0, performance.now()];
  let stopping = false;

  async function send(): Promise<void> {
    const message = aMessage(box, body && { body });
    for (let attempt = 1; attempt <= (stopping ? 1 : 3); attempt++) {
      const asked = performance.now();
      try {
        await store.accept(message);
        const now = performance.now();
        outage = Math.max(outage, now - last);
        slowest = Math.max(slowest, now - asked);
        last = now;
        acknowledged.add(message.key);
        refused.delete(message.key);
        for (const entry of waiting) if (entry.since <= asked) entry.done(now - entry.since);
        return;
      } catch (error) {
        slowest = Math.max(slowest, performance.now() - asked);
        refusals++;
        refused.add(message.key);
        if (!isUnavailable(error)) surprises.push(error);
        await sleep(100);
      }
    }
  }

  const senders = Array.from({ length: count }, async () => {
    while (!stopping) {
      await send();
      await sleep(5);
    }
  });

  return {
    get acknowledged() {
      return acknowledged.size;
    },
    more: async (count) => {
      const from = acknowledged.size;
      await until(() => acknowledged.size >= from + count, 2 * LONG);
    },
    refusal: async () => {
      const before = refusals;
      await until(() => refusals > before);
    },
    recovery: () =>
      new Promise((resolve) => {
        const entry = {
          since: performance.now(),
          done: (ms: number) => {
            waiting.delete(entry);
            resolve(ms);
          },
        };
        waiting.add(entry);
      }),
    stop: async () => {
      stopping = true;
      await Promise.all(senders);
      return { acknowledged, refused, refusals, surprises, outage, slowest };
    },
  };
}

/** What of the ledger is not so in the database: both lists must be empty. */
export async function compare(
  store: Store,
  box: string,
  { acknowledged, refused }: Report,
): Promise<{ lost: readonly string[]; unasked: readonly string[]; doubled: number }> {
  const keys = (await store.waiting(box, 1000, 1_000_000)).map((message) => message.key);
  const stored = new Set(keys);
  return {
    lost: [...acknowledged].filter((key) => !stored.has(key)),
    unasked: [...stored].filter((key) => !acknowledged.has(key) && !refused.has(key)),
    doubled: keys.length - stored.size,
  };
}

function isUnavailable(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'SILO_STORE_UNAVAILABLE' &&
    'status' in error &&
    error.status === 503
  );
}
