/** What this process has done since its start, and whether it is well: numbers for an operator's metrics (msilo's statistics). */
import { Histogram, LONG, QUICK, type Distribution } from '../../base/histogram.ts';
import { textOf } from '../../base/errors.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { SiloEmitter } from './events.ts';

/** Counters that only rise, but for `lanes`. */
export interface Statistics {
  /** Messages stored; refused, by status. */
  readonly stored: number;
  readonly refused: Readonly<Record<string, number>>;
  /** MESSAGEs sent from a box, by what came back: what devices answered, and silence as 408. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Messages that ended, by how; those of them that had a set time count as `reminders`, too. */
  readonly delivered: number;
  readonly expired: number;
  readonly dead: number;
  readonly erased: number;
  readonly reminders: number;
  /** Lanes that could not be sure of their lease any more. */
  readonly leasesLost: number;
  /** Seconds from the reading of a MESSAGE to its commit. */
  readonly accept: Distribution;
  /** Seconds that a delivered message has waited, from its acceptance or its set time on. */
  readonly wait: Distribution;
  /** Boxes that are served or wait to be served just now. */
  readonly lanes: number;
}

export interface Health {
  /** Can it do its work: is the store there, and drachtio-server, and is there not too much to do? */
  readonly ok: boolean;
  readonly drachtio: boolean;
  /** '' when the database answers, else why not. */
  readonly store: string;
  /** '' when new messages are taken, else why they are refused for a while. */
  readonly busy: string;
  /** What an operator should mend: settings of the database by which something acknowledged could be lost, devices that can't be sent to; sentences. */
  readonly warnings: readonly string[];
  /** Why nothing is sent from the boxes, '' when it is. It takes nothing from `ok`: what comes is stored. */
  readonly quarantine: string;
}

export function createStatistics(
  events: SiloEmitter,
  lanes: () => number,
  now: () => number,
): () => Statistics {
  const counts = { stored: 0, delivered: 0, expired: 0, dead: 0, erased: 0, reminders: 0, leasesLost: 0 };
  const accept = new Histogram(QUICK);
  const wait = new Histogram(LONG);
  const refused = new Map<number, number>();
  const attempts = new Map<number, number>();
  const count = (map: Map<number, number>, status: number) => map.set(status, (map.get(status) ?? 0) + 1);
  events.on('stored', ({ took }) => {
    counts.stored++;
    if (took !== undefined) accept.observe(took / 1000);
  });
  events.on('leaseLost', () => counts.leasesLost++);
  events.on('refused', ({ status }) => count(refused, status));
  events.on('attempt', ({ status }) => count(attempts, status));
  events.on('ended', ({ outcome, message }) => {
    counts[outcome]++;
    if (outcome !== 'delivered' || message === undefined) return;
    if (message.sendTime > 0) counts.reminders++;
    wait.observe(Math.max(0, now() - Math.max(message.incTime, message.sendTime)));
  });
  return () => ({
    ...counts,
    refused: Object.fromEntries(refused),
    attempts: Object.fromEntries(attempts),
    accept: accept.read(),
    wait: wait.read(),
    lanes: lanes(),
  });
}

/** @param warnings what else an operator should know */
export async function healthOf(
  {
    store,
    port,
  }: { readonly store: Pick<Store, 'ping' | 'warnings'>; readonly port: Pick<Port, 'connected'> },
  busy: string,
  warnings: readonly string[],
  quarantine: string,
): Promise<Health> {
  const drachtio = port.connected();
  try {
    await store.ping();
    const all = [...(await store.warnings()), ...warnings];
    return { ok: drachtio && busy === '', drachtio, store: '', busy, warnings: all, quarantine };
  } catch (error) {
    return { ok: false, drachtio, store: textOf(error), busy, warnings, quarantine };
  }
}
