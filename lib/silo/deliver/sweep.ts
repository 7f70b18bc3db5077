/** The clock of the silo: looks at the table for what others inserted, for retries that are due, for what is over. */
import { createHash } from 'node:crypto';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { aorOf } from '../../sip/read/uri.ts';
import { VANISHED, type Due, type ForeignRow } from '../../stores/contract/message.ts';
import type { Store } from '../../stores/contract/store.ts';
import { createTail } from '../../stores/shared/tail.ts';
import { createTicker } from '../../base/ticker.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { Boxes } from '../state/boxes.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { Lanes } from './lanes.ts';
import type { SiloSettings } from '../state/options.ts';

const log = logger('silo:clock');
const PAGE = 1000;
/** Pages of the ledger that one sweep compares with the silo; the next one goes on from there. */
const VANISHED_PAGES = 20;
/** Width of the column. */
const LONGEST_BOX = 320;
/** Nobody can register this (RFC 2606, section 2). */
const UNREADABLE = 'unreadable@invalid';

export interface ClockDependencies {
  readonly store: Store;
  readonly bindings: BindingSource;
  readonly boxes: Boxes;
  readonly lanes: Lanes;
  readonly events: SiloEmitter;
  readonly settings: SiloSettings;
  readonly now: () => number;
  /** Name of this process in the leases. */
  readonly owner: string;
  /** Did this process store the row itself? Then it knows already. */
  readonly isOwn: (id: number) => boolean;
}

export interface Clock {
  /** Reads which boxes have mail, wakes those with a registered device, then ticks. */
  start(): Promise<void>;
  /** One look at the table now. */
  tick(): Promise<void>;
  /** One look for what is over. */
  sweep(): Promise<void>;
  /** The box is due then; does nothing when a later look comes early enough. */
  schedule(box: string, time: number): void;
  close(): Promise<void>;
}

export function createSweep({
  store,
  bindings,
  boxes,
  lanes,
  events,
  settings,
  now,
  owner,
  isOwn,
}: ClockDependencies): Clock {
  const tail = createTail((after, limit) => store.tail(after, limit));
  const ticker = createTicker(log);
  let vanishedAfter = '';
  /** Times and boxes that are woken before the next look. */
  const scheduled = new Map<string, NodeJS.Timeout>();

  async function scan(): Promise<void> {
    // Rows of other nodes may be in the middle of their commit just now.
    tail.start(Math.max(0, (await store.lastId()) - PAGE));
    for (let after = ''; ;) {
      const page = await store.boxes(after, PAGE);
      if (page.length === 0) break;
      for (const box of page) boxes.add(box);
      for (const box of await bindings.among(page)) lanes.wake(box, 'register');
      after = page.at(-1) ?? after;
    }
    boxes.complete();
    if (boxes.size > 0) log.debug(`${boxes.size} boxes hold mail`);
  }

  /** Four looks that do not depend on each other: what goes wrong with one leaves the others alone. */
  async function tick(): Promise<void> {
    const looks = await Promise.allSettled([adoptForeign(), lookAtTail(), wakeDue(), wakeOrphans()]);
    for (const look of looks) if (look.status === 'rejected') throw look.reason;
  }

  async function wakeDue(): Promise<void> {
    const until = now() + Math.ceil(settings.tailTime);
    let after: Due | undefined;
    do {
      const page = await store.due(until, after, PAGE);
      for (const { box, nextTime } of page) schedule(box, nextTime);
      after = page.length < PAGE ? undefined : page.at(-1);
    } while (after);
    if (settings.deliverTo === 'every')
      for (const { box, nextTime } of await store.dueDevices(until, PAGE)) schedule(box, nextTime);
  }

  /** A box that is due before the next look is woken right then: reminders are on time. */
  function schedule(box: string, time: number): void {
    if (time > now() + Math.ceil(settings.tailTime)) return;
    if (time <= now()) {
      boxes.add(box);
      lanes.wake(box, 'timer');
      return;
    }
    const name = `${time} ${box}`;
    if (scheduled.has(name)) return;
    const timer = setTimeout(
      () => {
        scheduled.delete(name);
        if (time <= now()) schedule(box, time);
      },
      // The clock counts whole seconds: what is left of this one is not waited for again.
      (time - now()) * 1000 - (Date.now() % 1000) + 5,
    );
    timer.unref();
    scheduled.set(name, timer);
  }

  /** Boxes whose node died while it served them. */
  async function wakeOrphans(): Promise<void> {
    await wakeRegistered(await store.orphans(owner, PAGE));
  }

  /** Rows that a Kamailio or an operator inserted get their canonical box and a key of their own. */
  async function adoptForeign(): Promise<void> {
    for (;;) {
      const rows = await store.foreign(PAGE);
      if (rows.length === 0) return;
      const adoptions = rows.map((row) => adoption(row, now(), settings.expireTime));
      await store.adopt(adoptions);
      const unreadable = adoptions.filter((row) => row.box === UNREADABLE).map((row) => row.id);
      if (unreadable.length > 0)
        log.warn(
          `rows ${unreadable.join(', ')} of another program name no recipient that can be read: filed under ${UNREADABLE} until they expire`,
        );
      await wakeRegistered(adoptions.map((row) => row.box));
      if (rows.length < PAGE) return;
    }
  }

  function lookAtTail(): Promise<void> {
    return tail.look(async (rows) => {
      const foreign = rows.filter((row) => !isOwn(row.id));
      for (const row of foreign) boxes.add(row.box);
      const sendable = foreign.filter((row) => row.nextTime <= now() && row.sendTime <= now());
      await wakeRegistered(sendable.map((row) => row.box));
    });
  }

  async function wakeRegistered(found: readonly string[]): Promise<void> {
    for (const box of found) boxes.add(box);
    const names = [...new Set(found)];
    if (names.length > 0) for (const box of await bindings.among(names)) lanes.wake(box, 'tail');
  }

  async function sweep(): Promise<void> {
    for (;;) {
      const ended = await store.expire(now(), 500);
      for (const { message, outcome } of ended)
        events.emit('ended', {
          box: message.box,
          key: message.key,
          outcome,
          status: 0,
          reason: 'lifetime over',
          message,
        });
      // Those behind may have waited for what has just ended.
      await wakeRegistered(ended.map(({ message }) => message.box));
      if (ended.length < 500) break;
    }
    await endVanished();
    while ((await store.forget(now() - settings.keepLedger, 500)) === 500);
    if (settings.keepDead > 0) while ((await store.expireDead(now() - settings.keepDead, 500)) === 500);
    while ((await store.expireBindings(now(), 500)) === 500);
    while ((await store.forgetDevices(now(), 500)) === 500);
  }

  /** Rows that a Kamailio has delivered, or an operator deleted: nobody else would ever end these messages. */
  async function endVanished(): Promise<void> {
    for (let page = 0; page < VANISHED_PAGES; page++) {
      const { ended, after } = await store.endVanished(vanishedAfter, PAGE);
      vanishedAfter = after;
      for (const { box, key } of ended) events.emit('ended', { box, key, ...VANISHED });
      await wakeRegistered(ended.map(({ box }) => box));
      if (after === '') return;
    }
  }

  return {
    start: async () => {
      await scan();
      await tick().catch((error: unknown) => log.error(textOf(error)));
      ticker.every(settings.tailTime, tick);
      ticker.every(settings.checkTime, sweep);
    },
    tick,
    sweep,
    schedule,
    close: () => {
      for (const timer of scheduled.values()) clearTimeout(timer);
      return ticker.close();
    },
  };
}

function adoption(
  row: ForeignRow,
  now: number,
  expireTime: number,
): { id: number; key: string; box: string; incTime: number; expTime: number } {
  const incTime = row.incTime || now;
  const read = aorOf(`sip:${row.username}@${row.domain}`) ?? '';
  const box = read === '' || read.length > LONGEST_BOX ? UNREADABLE : read;
  const key = createHash('sha256').update(['row', row.id, row.incTime, box].join('\0')).digest('hex');
  return {
    id: row.id,
    key,
    box,
    incTime,
    expTime: row.expTime || Math.max(incTime, row.sendTime) + expireTime,
  };
}
