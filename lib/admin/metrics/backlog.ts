/** What waits in the database: looked at in the background now and then, so that a scrape is as fast with a million rows as with none. */
import { logger } from '../../base/log.ts';
import { textOf } from '../../base/errors.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';

const log = logger('admin');

export interface Backlog {
  readonly waiting: number;
  /** Dead letters. */
  readonly dead: number;
  /** Seconds since the acceptance of the one that waits longest. */
  readonly oldest: number;
}

/** A look is good for so many ms. */
const FRESH = 5_000;
/** So long a scrape waits for a look, ms; then the one before has to do. */
const PATIENCE = 250;

/** Undefined when nothing is known: the database is away. */
export function createBacklog(
  store: Pick<MessageStore, 'ledger' | 'oldest'>,
  now: () => number,
): () => Promise<Backlog | undefined> {
  let last: Backlog | undefined;
  let at = -Infinity;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const [{ waiting, dead }, oldest] = await Promise.all([store.ledger(), store.oldest()]);
      last = { waiting, dead, oldest: oldest === 0 ? 0 : Math.max(0, now() - oldest) };
      at = performance.now();
    } catch (error) {
      last = undefined;
      log.debug(`what waits is not known: ${textOf(error)}`);
    } finally {
      looking = undefined;
    }
  }

  return async () => {
    if (performance.now() - at < FRESH) return last;
    looking ??= look();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    await Promise.race([looking, patience]);
    clearTimeout(timer);
    return last;
  };
}
