/** What is over ends, or is forgotten: messages, dead letters, bindings, devices, the ledger. */
import { logger } from '../../../base/log.ts';
import { VANISHED } from '../../../stores/contract/message.ts';
import type { SiloContext } from '../../state/context.ts';
import { fieldsOf } from '../../state/log-fields.ts';

const log = logger('silo:clock');

/** Rows at a time. */
const PAGE = 500;
/** Rows of the ledger at a time, and pages of them that one look compares with the silo; the next one goes on from there. */
const VANISHED_PAGE = 1000;
const VANISHED_PAGES = 20;

/** Seconds: by far longer than a turn lasts, whatever the clocks of the nodes say. */
const TURNS_KEPT = 3600;

export interface PurgeContext extends Pick<SiloContext, 'store' | 'events' | 'settings' | 'now'> {
  /** Messages of these boxes have ended: the messages behind them may have waited for that. */
  readonly onEnded: (boxes: readonly string[]) => Promise<void>;
}

/** One look for what is over; ends early when `stopping` says so. */
export type Purge = (stopping: () => boolean) => Promise<void>;

export function createPurge({ store, events, settings, now, onEnded }: PurgeContext): Purge {
  let vanishedAfter = '';

  async function expire(stopping: () => boolean): Promise<void> {
    while (!stopping()) {
      const ended = await store.expire(now(), PAGE);
      for (const { message, outcome } of ended) {
        const { box, key } = message;
        log.debug(
          `${box}: message ${message.id} has ended: ${outcome} (lifetime over)`,
          fieldsOf(message, settings),
        );
        events.emit('ended', { box, key, outcome, status: 0, reason: 'lifetime over', message });
      }
      await onEnded(ended.map(({ message }) => message.box));
      if (ended.length < PAGE) return;
    }
  }

  /** Rows that a Kamailio has delivered, or an operator deleted: nothing else would ever end these messages. */
  async function endVanished(stopping: () => boolean): Promise<void> {
    for (let page = 0; page < VANISHED_PAGES && !stopping(); page++) {
      const { ended, after } = await store.endVanished(vanishedAfter, VANISHED_PAGE);
      vanishedAfter = after;
      for (const { box, key } of ended) events.emit('ended', { box, key, ...VANISHED });
      await onEnded(ended.map(({ box }) => box));
      if (after === '') return;
    }
  }

  return async (stopping) => {
    const all = async (some: () => Promise<number>) => {
      while (!stopping() && (await some()) === PAGE);
    };
    await expire(stopping);
    await endVanished(stopping);
    await all(() => store.forget(now() - settings.keepLedger, PAGE));
    if (settings.keepDead > 0) await all(() => store.expireDead(now() - settings.keepDead, PAGE));
    await all(() => store.expireBindings(now(), PAGE));
    await all(() => store.forgetDevices(now(), PAGE));
    await all(() => store.forgetTurns(now() - TURNS_KEPT, PAGE));
    await all(() => store.forgetSubmissions(now() - settings.keepLedger, PAGE));
  };
}
