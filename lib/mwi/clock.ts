/** The clock of the lamps: what other nodes have changed, what time alone changes, what is over. */
import { messageOf } from '../errors.ts';
import { logger } from '../log.ts';
import type { MwiStore } from '../stores/store.ts';
import type { MwiSettings } from './options.ts';
import type { Service } from './serve.ts';
import type { Watchers } from './watchers.ts';

const log = logger('mwi:clock');
const PAGE = 1000;
/** A row may become visible this long after one with a higher id (its transaction was slower). */
const OVERLAP_MS = 10_000;
/** Seconds for which a change is kept for nodes that could not look. */
const KEEP_CHANGES = 300;
/** Seconds after which an unused mailbox is forgotten. */
const KEEP_MAILBOX = 86_400;
/** Ticks between two cleanings. */
const CLEAN_EVERY = 60;

export interface ClockDependencies {
  readonly store: MwiStore;
  readonly watchers: Watchers;
  readonly service: Service;
  readonly settings: MwiSettings;
  readonly now: () => number;
  readonly changed: (mailbox: string) => void;
}

export interface Clock {
  start(): Promise<void>;
  /** One look now. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

export function createClock({ store, watchers, service, settings, now, changed }: ClockDependencies): Clock {
  /** Ids up to here need not be looked at again; `recent` says which higher id was seen when. */
  let mark = 0;
  let recent: { id: number; at: number }[] = [];
  const seen = new Set<number>();
  let turnedUntil = 0;
  let ticks = 0;
  let failing = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function tick(): Promise<void> {
    // Needs no store, so it comes first.
    for (const watcher of watchers.all())
      if (!watcher.ending && watcher.subscription.expires <= now()) service.end(watcher, 'timeout');
    await tail();
    for (const mailbox of await store.expirePublications(now(), PAGE)) changed(mailbox);
    const time = now();
    for (const mailbox of await store.turnedBoxes(turnedUntil, time)) changed(mailbox);
    turnedUntil = time;
    if (++ticks % CLEAN_EVERY === 0) await clean();
  }

  async function tail(): Promise<void> {
    let after = mark;
    const states = new Set<string>();
    const replaced = new Set<string>();
    for (;;) {
      const rows = await store.mailboxChanges(after, PAGE);
      for (const row of rows) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        (row.watchers ? replaced : states).add(row.mailbox);
      }
      after = rows.at(-1)?.id ?? after;
      if (rows.length < PAGE) break;
    }
    const at = performance.now();
    recent.push({ id: after, at });
    const old = recent.filter((entry) => entry.at < at - OVERLAP_MS);
    const last = old.at(-1);
    if (last) {
      mark = last.id;
      recent = recent.slice(old.length);
      for (const id of seen) if (id <= mark) seen.delete(id);
    }
    for (const mailbox of states) changed(mailbox);
    await dropReplaced([...replaced].filter((mailbox) => watchers.of(mailbox).length > 0));
  }

  /** A phone has subscribed again on another node: its old subscription here is over. */
  async function dropReplaced(mailboxes: readonly string[]): Promise<void> {
    if (mailboxes.length === 0) return;
    const before = mailboxes.flatMap((mailbox) => watchers.of(mailbox));
    const ids = await store.subscriptionIds(mailboxes);
    for (const watcher of before)
      if (!watcher.ending && !ids.has(watcher.subscription.id)) service.end(watcher, 'noresource');
  }

  async function clean(): Promise<void> {
    while ((await store.expireSubscriptions(now() - KEEP_CHANGES, PAGE)) === PAGE);
    await store.forgetMailboxes(now() - KEEP_CHANGES, now() - KEEP_MAILBOX);
  }

  function run(): void {
    running ??= tick()
      .then(
        () => {
          if (failing) log.warn('the store works again');
          failing = false;
        },
        (error: unknown) => {
          if (!failing) log.error(messageOf(error));
          failing = true;
        },
      )
      .finally(() => (running = undefined));
  }

  return {
    start: async () => {
      mark = await store.lastMailboxChange();
      turnedUntil = now();
      timer = setInterval(run, settings.tailTime * 1000);
      timer.unref();
    },
    tick,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
