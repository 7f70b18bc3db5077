/** What is looked at every few seconds: rows that others have inserted, retries that are due, boxes of dead nodes, what is over. */
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import { createTicker } from '../../../base/ticker.ts';
import type { DueDevice } from '../../../stores/contract/devices.ts';
import type { Due, NewMessage } from '../../../stores/contract/message.ts';
import { createTail } from '../../../stores/shared/tail.ts';
import type { SiloContext } from '../../state/context.ts';
import type { WakeBox } from '../../state/wake.ts';
import { adoptForeign } from './adoption.ts';
import { createFirstScan } from './first-scan.ts';
import { createPurge } from './purge.ts';
import { createSchedule } from './schedule.ts';

const log = logger('silo:clock');
const PAGE = 1000;
/** Seconds between two pages of the search for boxes that the tail has missed. */
const SEARCH_TIME = 2;

export interface SweepContext extends Omit<SiloContext, 'port' | 'inFlight'> {
  /** Name of this process in the leases. */
  readonly owner: string;
  readonly wake: WakeBox;
}

export interface Sweep {
  /**
   * Begins to read which boxes have mail, wakes those with a registered device, and looks every few seconds. Resolves with the first
   * thousand of them: until all are known, each box counts as one with mail.
   */
  start(): Promise<void>;
  /** Wakes every box with mail whose owner is registered. */
  wakeAll(): Promise<void>;
  /** This process has stored a message: it knows already of the row, and of the time for which it was set. */
  stored(message: NewMessage, id: number): void;
  close(): Promise<void>;
}

export function createSweep(context: SweepContext): Sweep {
  const { store, bindings, boxes, settings, now, owner, wake } = context;
  const tail = createTail((after, limit) => store.tail(after, limit), 'missing-rows');
  const ticker = createTicker(log);
  let closed = false;
  const horizon = Math.ceil(settings.tailTime);
  const onDue = (box: string) => {
    boxes.add(box);
    wake(box, 'timer');
  };
  const schedule = createSchedule({ now, horizon, onDue });
  const firstScan = createFirstScan({
    page: wakePage,
    size: PAGE,
    done: () => {
      boxes.complete();
      if (boxes.size > 0) log.debug(`${boxes.size} boxes hold mail`);
    },
  });
  const purge = createPurge({ ...context, onEnded: wakeRegistered });

  async function wakeRegistered(found: readonly string[]): Promise<void> {
    for (const box of found) boxes.add(box);
    const names = [...new Set(found)];
    if (names.length > 0) for (const box of await bindings.among(names)) wake(box, 'tail');
  }

  async function wakePage(after: string): Promise<readonly string[]> {
    const page = await store.boxes(after, PAGE);
    for (const box of page) boxes.add(box);
    // Who looks for nobody may not be asked: `in ()` is no SQL.
    if (page.length > 0) for (const box of await bindings.among(page)) wake(box, 'register');
    return page;
  }

  async function wakeAll(): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined && !closed;)
      after = (await wakePage(after)).at(-1);
  }

  /** Where the search goes on. */
  let searched = '';

  /**
   * The tail sees rows in the order of their ids, so it misses what becomes visible late: rows of a long transaction, rows
   * that another node adopted or replayed, all that came while the database was out of reach. So all boxes are read again and
   * again, a page at a time: whatever the order of commits, a box is found within two seconds for each thousand of them.
   */
  async function search(): Promise<void> {
    const page = await store.boxes(searched, PAGE);
    searched = page.length < PAGE ? '' : (page.at(-1) ?? '');
    await wakeRegistered(page.filter((box) => !boxes.mayHaveMail(box)));
  }

  /** Four looks that do not depend on each other: what goes wrong with one leaves the others alone. */
  async function look(): Promise<void> {
    const looks = await Promise.allSettled([adopt(), lookAtTail(), wakeDue(), wakeOrphans()]);
    for (const done of looks) if (done.status === 'rejected') throw done.reason;
  }

  async function adopt(): Promise<void> {
    for (;;) {
      const adopted = await adoptForeign(context, PAGE);
      await wakeRegistered(adopted);
      if (adopted.length < PAGE) return;
    }
  }

  function lookAtTail(): Promise<void> {
    return tail.look(async (rows) => {
      for (const row of rows) boxes.add(row.box);
      const sendable = rows.filter((row) => row.nextTime <= now() && row.sendTime <= now());
      await wakeRegistered(sendable.map((row) => row.box));
    });
  }

  async function wakeDue(): Promise<void> {
    const until = now() + horizon;
    await addAll<Due>((after) => store.due(until, after, PAGE));
    if (settings.deliverTo === 'every')
      await addAll<DueDevice>((after) => store.dueDevices(until, after, PAGE));
  }

  /** Page after page to its end: what is due may be another node's to serve, and stays due; it must hide nothing. */
  async function addAll<Item extends Pick<Due, 'box' | 'nextTime'>>(
    read: (after: Item | undefined) => Promise<readonly Item[]>,
  ): Promise<void> {
    let after: Item | undefined;
    do {
      const page = await read(after);
      for (const { box, nextTime } of page) schedule.add(box, nextTime);
      after = page.length < PAGE ? undefined : page.at(-1);
    } while (after && !closed);
  }

  /** Boxes whose node died while it served them. */
  async function wakeOrphans(): Promise<void> {
    await wakeRegistered(await store.orphans(owner, PAGE));
  }

  return {
    start: async () => {
      // Rows of other nodes may be in the middle of their commit just now.
      tail.start(Math.max(0, (await store.lastId()) - PAGE));
      await firstScan.start();
      await look().catch((error: unknown) => log.error(textOf(error)));
      ticker.every(settings.tailTime, look);
      ticker.every(settings.checkTime, purge);
      ticker.every(Math.max(SEARCH_TIME, settings.tailTime), search);
    },
    wakeAll,
    stored: ({ box, sendTime }, id) => {
      tail.known(id);
      if (sendTime > 0) schedule.add(box, sendTime);
    },
    close: () => {
      closed = true;
      schedule.close();
      return Promise.all([ticker.close(), firstScan.close()]).then(() => undefined);
    },
  };
}
