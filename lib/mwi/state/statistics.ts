/** What this process has told phones since its start: numbers for an operator's metrics. */
import { Histogram, QUICK, type Distribution } from '../../base/histogram.ts';
import type { MwiEmitter } from './events.ts';

export interface MwiStatistics {
  /** Subscriptions that this node serves. */
  readonly subscriptions: number;
  /** NOTIFYs, by what came back; silence counts as 408. */
  readonly notifies: Readonly<Record<string, number>>;
  /** Seconds from when a change was known here until the phone had taken the NOTIFY that tells it. */
  readonly lamp: Distribution;
}

export function createMwiStatistics(
  events: Pick<MwiEmitter, 'on'>,
  subscriptions: () => number,
): () => MwiStatistics {
  const notifies = new Map<number, number>();
  const lamp = new Histogram(QUICK);
  events.on('notified', ({ status, took }) => {
    notifies.set(status, (notifies.get(status) ?? 0) + 1);
    if (took !== undefined) lamp.observe(took / 1000);
  });
  return () => ({
    subscriptions: subscriptions(),
    notifies: Object.fromEntries(notifies),
    lamp: lamp.read(),
  });
}
