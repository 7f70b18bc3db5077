/** When a message that could not be delivered is tried again. */
import type { Answer } from '../../sip/drachtio/messages.ts';

const BACKOFF = [30, 120, 300, 600, 1800, 3600] as const;

/** Seconds to the next timed attempt: 30 s, 2, 5, 10, 30 min, then every hour, each ± 20 %. */
export function backoff(attempts: number, random = Math.random): number {
  const seconds = BACKOFF[Math.min(attempts, BACKOFF.length) - 1] ?? BACKOFF[0];
  return Math.round(seconds * (0.8 + 0.4 * random()));
}

/** Seconds of a Retry-After header (RFC 3261 20.33), at most an hour. */
export function retryAfter(answer: Pick<Answer, 'header'>): number {
  const seconds = parseInt(answer.header('Retry-After') ?? '', 10);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) : 0;
}
