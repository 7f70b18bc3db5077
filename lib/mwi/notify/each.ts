/** Work on many subscriptions in which one that goes wrong harms no other. */
import { logger } from '../../base/log.ts';

const log = logger('mwi:subscriptions');

/** Does this with each; what one of them throws is a fault of ours, which is logged. */
export function forEach<T>(items: Iterable<T>, step: (item: T) => void): void {
  for (const item of items)
    try {
      step(item);
    } catch (error) {
      log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
}
