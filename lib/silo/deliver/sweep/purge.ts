/** What is over ends, or is forgotten: messages, dead letters, bindings, devices, the ledger. */
import { VANISHED } from '../../../stores/contract/message.ts';
import type { SiloContext } from '../../state/context.ts';

/** Rows at a time. */
const PAGE = 500;
/** Rows of the ledger at a time, and pages of them that one look compares with the silo; the next one goes on from there. */
const VANISHED_PAGE = 1000;
const VANISHED_PAGES = 20;

export interface PurgeContext extends Pick<SiloContext, 'store' | 'events' | 'settings' | 'now'> {
  /** Messages of these boxes have ended: the messages behind them may have waited for that. */
  readonly onEnded: (boxes: readonly string[]) => Promise<void>;
}

/** One look for what is over. */
export type Purge = () => Promise<void>;

export function createPurge({ store, events, settings, now, onEnded }: PurgeContext): Purge {
  let vanishedAfter = '';

  async function expire(): Promise<void> {
    for (;;) {
      const ended = await store.expire(now(), PAGE);
      for (const { message, outcome } of ended) {
        const { box, key } = message;
        events.emit('ended', { box, key, outcome, status: 0, reason: 'lifetime over', message });
      }
      await onEnded(ended.map(({ message }) => message.box));
      if (ended.length < PAGE) return;
    }
  }

  /** Rows that a Kamailio has delivered, or an operator deleted: nothing else would ever end these messages. */
  async function endVanished(): Promise<void> {
    for (let page = 0; page < VANISHED_PAGES; page++) {
      const { ended, after } = await store.endVanished(vanishedAfter, VANISHED_PAGE);
      vanishedAfter = after;
      for (const { box, key } of ended) events.emit('ended', { box, key, ...VANISHED });
      await onEnded(ended.map(({ box }) => box));
      if (after === '') return;
    }
  }

  return async () => {
    await expire();
    await endVanished();
    while ((await store.forget(now() - settings.keepLedger, PAGE)) === PAGE);
    if (settings.keepDead > 0) while ((await store.expireDead(now() - settings.keepDead, PAGE)) === PAGE);
    while ((await store.expireBindings(now(), PAGE)) === PAGE);
    while ((await store.forgetDevices(now(), PAGE)) === PAGE);
  };
}
