/** What was refused is counted, and the operator is told of each source once in a while, not of each request. */
import { BoundedMap } from '../../base/bounded-map.ts';
import { logger } from '../../base/log.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header } from '../../sip/read/headers.ts';
import { networkOf } from './keys.ts';
import { LIMITED, type Limited } from './refusal.ts';

const log = logger('auth:limits');
const EVERY_MS = 60_000;
const MOST_TOLD = 1_000;

export interface Tally {
  refused(limited: Limited, req: SipRequest, sentence: string): void;
  readonly counts: () => Readonly<Record<Limited, number>>;
}

/** @param warn writes the line; it limits itself where sources change as fast as their requests come */
export function createTally(now: () => number, warn = log.warn): Tally {
  const counts = Object.fromEntries(LIMITED.map((limited) => [limited, 0])) as Record<Limited, number>;
  const told = new BoundedMap<string, number>(MOST_TOLD, 'limits-told');
  return {
    refused: (limited, req, sentence) => {
      counts[limited]++;
      const network = networkOf(req.source_address);
      const key = `${limited} ${network}`;
      if (now() - (told.get(key) ?? -Infinity) < EVERY_MS) return;
      told.set(key, now());
      const proxy = limited === 'source' ? ' Is it a proxy of yours? Then name it in SILO_TRUST.' : '';
      warn(`${network} asks too much, and is refused: ${sentence}${proxy}`);
      const { method, uri } = req;
      const callId = header(req, 'Call-ID') ?? '';
      log.debug(`the first of those was a ${method} to ${uri.slice(0, 200)}`, { method, callId });
    },
    counts: () => ({ ...counts }),
  };
}
