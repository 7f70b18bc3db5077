/** Answers that say that our set-up is wrong, not the device: the operator is told, once an hour for each next hop. */
import { BoundedMap } from '../../base/bounded-map.ts';
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
  /** A phone without a proxy is a hop that names a person. */
  forget(): void;
}

/** @param warn writes the line; where many next hops are wrong at once, the log names some and counts the others */
export function createSetupAlert(now = () => performance.now(), warn = log.warn): SetupAlert {
  const warned = new BoundedMap<string, number>(MOST, 'setup-alerts');
  return {
    forget: () => warned.clear(),
    heard: (hop, status) => {
      const meaning = MEANING[status];
      if (meaning === undefined) return;
      const key = `${status} ${hop}`;
      if (now() - (warned.get(key) ?? -Infinity) < EVERY_MS) return;
      warned.set(key, now());
      warn(`${hop} answered ${status} to a stored message: ${meaning}. The message waits meanwhile.`);
    },
  };
}
