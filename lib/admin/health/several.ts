/** Several processes that serve as one: ready while one of them would take a MESSAGE, well while all of them are. */
import type { Readiness } from './readiness.ts';

const CHECKS = ['phase', 'database', 'drachtio', 'load', 'durability', 'quarantine'] as const;

/**
 * @param each what those say that are there
 * @param missing what is wrong with the others; '' when all are there
 */
export function readinessOfAll(each: readonly Readiness[], missing: string): Readiness {
  const processes = { ok: missing === '', detail: missing };
  const worst = CHECKS.map((name) => {
    const all = each.map(({ checks }) => checks[name]);
    return [name, all.find(({ ok }) => !ok) ?? all[0] ?? processes] as const;
  });
  const ready = each.some((one) => one.ready);
  const why = ready ? '' : (each.find((one) => one.why !== '')?.why ?? missing);
  const checks = { ...(Object.fromEntries(worst) as unknown as Readiness['checks']), processes };
  return { ready, why, checks };
}
