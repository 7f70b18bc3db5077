/** Answers that say that our set-up is wrong, not the device: told to the operator, once an hour for each next hop. */
import { logger } from '../../base/log.ts';

const log = logger('silo:lane');
const EVERY_MS = 3_600_000;
const MOST = 1000;

const MEANING: Readonly<Record<number, string>> = {
  401: 'it wants credentials, which a stored message has not: let it trust this application',
  407: 'it wants credentials, which a stored message has not: let it trust this application',
  482: 'the message went in a circle: the Path or contact of the device leads back to where it came from',
  483: 'the message went through too many hops: the Path or contact of the device leads in a circle',
};

export interface SetupAlert {
  /** A next hop has answered this. */
  heard(hop: string, status: number): void;
}

export function createSetupAlert(now = () => performance.now()): SetupAlert {
  const told = new Map<string, number>();
  return {
    heard: (hop, status) => {
      const meaning = MEANING[status];
      if (meaning === undefined) return;
      const key = `${status} ${hop}`;
      if (now() - (told.get(key) ?? -Infinity) < EVERY_MS) return;
      told.delete(key);
      told.set(key, now());
      const [oldest] = told.keys();
      if (told.size > MOST && oldest !== undefined) told.delete(oldest);
      log.warn(`${hop} answered ${status} to a stored message: ${meaning}. The message waits meanwhile.`);
    },
  };
}
