/**
 * Is it ready: would a MESSAGE that came now be taken? The one answer for OPTIONS, `/readyz` and the metrics, so that a dispatcher and
 * an orchestrator never disagree.
 */
import { textOf } from '../../base/errors.ts';
import type { Health } from '../../silo/state/statistics.ts';

/** Where the application stands between its start and its end. */
export type Phase = 'starting' | 'serving' | 'draining';

interface Check {
  readonly ok: boolean;
  /** What is wrong with it; '' when it is well. */
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  /** What keeps it from being ready: a sentence; '' when it is. */
  readonly why: string;
  readonly checks: {
    readonly phase: Check;
    readonly database: Check;
    readonly drachtio: Check;
    /** Can messages be taken as fast as they come? */
    readonly load: Check;
    /** Would what is acknowledged survive a crash? It does not keep it from being ready. */
    readonly durability: Check;
    /** Is sent what waits, too? It does not keep it from being ready. */
    readonly quarantine: Check;
    /** Are all processes there? Only where there are several; it does not keep them from being ready. */
    readonly processes?: Check;
  };
}

/** Milliseconds for which a look is good: dispatchers and probes ask often. */
const FRESH = 1_000;
/** A database that hangs is one that is away, ms. */
const PATIENCE = 3_000;

/**
 * @param health how the silo is
 * @param phase where the application stands; a plugin is always serving
 */
export function createReadiness(
  health: () => Promise<Health>,
  phase: () => Phase = () => 'serving',
): () => Promise<Readiness> {
  let at = -Infinity;
  let last: Promise<Health> | undefined;
  const recent = () => {
    if (last !== undefined && performance.now() - at < FRESH) return last;
    at = performance.now();
    return (last = within(health()));
  };
  return async () => readinessOf(await recent(), phase());
}

function readinessOf({ store, drachtio, busy, warnings, quarantine }: Health, phase: Phase): Readiness {
  const needed = {
    phase: check(phase === 'serving' ? '' : phase === 'starting' ? 'It is starting.' : 'It is stopping.'),
    database: check(store === '' ? '' : `The database is away: ${store}`),
    drachtio: check(drachtio ? '' : 'There is no connection to drachtio-server.'),
    load: check(busy === '' ? '' : `There is too much to do: ${busy}.`),
  };
  const why = Object.values(needed).find(({ ok }) => !ok)?.detail ?? '';
  const checks = { ...needed, durability: check(warnings.join(' ')), quarantine: check(quarantine) };
  return { ready: why === '', why, checks };
}

function check(detail: string): Check {
  return { ok: detail === '', detail };
}

/** Never rejects. */
async function within(health: Promise<Health>): Promise<Health> {
  let timer: NodeJS.Timeout | undefined;
  const nothing = { drachtio: true, busy: '', warnings: [], quarantine: '' };
  const failed = (why: string): Health => ({ ...nothing, ok: false, store: why });
  const late = new Promise<Health>((resolve) => {
    timer = setTimeout(() => resolve(failed(`it gave no answer within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([health.catch((error: unknown) => failed(textOf(error))), late]);
  } finally {
    clearTimeout(timer);
  }
}
