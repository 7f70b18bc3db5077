/**
 * What a service may do in all, each of its processes does its share of. drachtio-server deals requests out one after the other, so
 * the shares are even. What counts different addresses is not shared out: each process sees nearly all of them.
 */
import type { Config } from '../config/config.ts';

const SILO = [
  'sendRate',
  'hopRate',
  'hopInFlight',
  'domainRate',
  'domainInFlight',
  'maxLanes',
  'noticeRate',
] as const;

const LIMITS = [
  'sourceRate',
  'sourceBurst',
  'senderRate',
  'senderBurst',
  'pairRate',
  'pairBurst',
  'domainRate',
  'domainBurst',
  'senderMessages',
  'senderBytes',
  'pairMessages',
  'domainMessages',
  'domainBytes',
] as const;

export function shareOf(config: Config, processes: number): Config {
  return {
    ...config,
    silo: { ...config.silo, ...divided(config.silo, SILO, processes) },
    limits: { ...config.limits, ...divided(config.limits, LIMITS, processes) },
    // The socket of the server is one for all.
    drachtio: { ...config.drachtio, ...divided(config.drachtio, ['maxUnanswered'], processes) },
  };
}

/** 0 stays what it is: no limit. Nobody is left with nothing. */
function divided<Name extends string>(
  settings: Readonly<Record<Name, number>>,
  names: readonly Name[],
  by: number,
): Partial<Record<Name, number>> {
  const shares = names.map((name) => {
    const all = settings[name];
    return [name, all === 0 ? 0 : Math.max(1, Math.round(all / by))];
  });
  return Object.fromEntries(shares) as Partial<Record<Name, number>>;
}
