/** What this process has done since its start, and whether it is well: numbers for an operator's metrics (msilo's statistics). */
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
}

export function createStatistics(events: SiloEmitter, lanes: () => number): () => Statistics {
  const counts = { stored: 0, delivered: 0, expired: 0, dead: 0, erased: 0, reminders: 0 };
  const refused = new Map<number, number>();
  const attempts = new Map<number, number>();
  const count = (map: Map<number, number>, status: number) => map.set(status, (map.get(status) ?? 0) + 1);
  events.on('stored', () => counts.stored++);
  events.on('refused', ({ status }) => count(refused, status));
  events.on('attempt', ({ status }) => count(attempts, status));
  events.on('ended', ({ outcome, message }) => {
    counts[outcome]++;
    if (outcome === 'delivered' && (message?.sendTime ?? 0) > 0) counts.reminders++;
  });
  return () => ({
    ...counts,
    refused: Object.fromEntries(refused),
    attempts: Object.fromEntries(attempts),
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
): Promise<Health> {
  const drachtio = port.connected();
  try {
    await store.ping();
    const all = [...(await store.warnings()), ...warnings];
    return { ok: drachtio && busy === '', drachtio, store: '', busy, warnings: all };
  } catch (error) {
    return { ok: false, drachtio, store: textOf(error), busy, warnings };
  }
}
