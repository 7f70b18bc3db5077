/**
 * Operations on a store in a process that serves no SIP: a command, a job. They see and change what is stored; the nodes that work on the same
 * database find what they have to do, within seconds.
 */
import { epochSeconds } from '../base/clock.ts';
import { createNode } from '../node/node.ts';
import { checkOptions } from '../options/check.ts';
import type { Store } from '../stores/contract/store.ts';
import { BoxCounting } from './manage/counting.ts';
import { createOperations } from './manage/create.ts';
import { createDeadLetters, type DeadLetters } from './manage/dead-letters.ts';
import type { BoxOperations, Operations } from './manage/operations.ts';
import { createReminders, type Reminders } from './manage/reminders.ts';
import { createBoxes } from './state/boxes.ts';
import { createEvents } from './state/events.ts';
import { siloOptions, type SiloOptions } from './state/options.ts';

export interface StoreOperationsOptions {
  /** As the nodes have them: `telDomain`, `deliverTo`, `expireTime` and `leaseTime` count. */
  readonly silo?: SiloOptions;
  /** Clock in epoch seconds. */
  readonly now?: () => number;
  /** Hears how many boxes were counted, where no node has counted them yet and the first list has to. */
  readonly onCounted?: (boxes: number) => void;
}

export interface StoreOperations extends Operations {
  readonly deadLetters: DeadLetters;
  readonly reminders: Reminders;
  /** Counts what was changed here. The store stays open. */
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const store = await openStore('sqlite:./silo.db');
 * const operations = createStoreOperations(store);
 * const { boxes } = await operations.boxes.list({ order: 'oldest' });
 */
export function createStoreOperations(store: Store, options: StoreOperationsOptions = {}): StoreOperations {
  const { now = epochSeconds, onCounted } = options;
  const settings = checkOptions(siloOptions, options.silo ?? {});
  const events = createEvents();
  const counting = new BoxCounting({ store, now });
  const node = createNode(
    { store, port: { server: () => '' } },
    { node: settings.node, leaseTime: settings.leaseTime },
  );
  node.onForget((aor) => events.emit('forget', { aor }));
  const bindings = {
    find: (aor: string) => store.bindings(aor, now()),
    among: (aors: readonly string[]) => store.registeredAmong(aors, now()),
  };
  // Nobody is woken here: by the times of the rows the nodes find what is due.
  const nobody = () => undefined;
  const context = {
    store,
    events,
    now,
    settings,
    bindings,
    counting,
    nodes: node.all,
    found: nobody,
    forget: node.forget,
    wake: nobody,
  };
  const operations = createOperations(context);
  let counted: Promise<unknown> | undefined;
  const once = () => (counted ??= countFirst(store, counting, onCounted));
  const boxes: BoxOperations = {
    ...operations.boxes,
    list: async (query) => {
      await once();
      return operations.boxes.list(query);
    },
    count: async (query) => {
      await once();
      return operations.boxes.count(query);
    },
  };
  return {
    ...operations,
    boxes,
    deadLetters: createDeadLetters({ ...context, boxes: createBoxes() }),
    reminders: createReminders(context),
    close: () => counting.close(),
  };
}

async function countFirst(
  store: Store,
  counting: BoxCounting,
  progress?: (boxes: number) => void,
): Promise<void> {
  if ((await store.boxTotals('')).counted === 0) await counting.all(progress);
}
