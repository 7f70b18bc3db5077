/** Messages that wait for their time: look at them, take them back. */
import type { Ended, Message } from '../../stores/contract/message.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { SiloEmitter } from '../state/events.ts';

/** A message with a set time, without its content. */
export interface Reminder {
  readonly id: number;
  readonly key: string;
  readonly box: string;
  readonly from: string;
  /** Epoch seconds. */
  readonly sendTime: number;
  readonly expTime: number;
  readonly contentType: string;
}

export interface Reminders {
  /** Those whose time is still to come, by time; at most `limit` (default 100) behind `after`, of one AoR or of all. */
  list(query?: {
    readonly box?: string;
    readonly after?: Pick<Reminder, 'id' | 'sendTime'>;
    readonly limit?: number;
  }): Promise<readonly Reminder[]>;
  /** Takes them back; returns how many were still waiting for their time. */
  cancel(ids: readonly number[]): Promise<number>;
}

export function createReminders(store: Store, events: SiloEmitter, now: () => number): Reminders {
  return {
    list: async ({ box = '', after, limit = 100 } = {}) =>
      (await store.reminders(box, now(), limit, after)).map(asReminder),

    cancel: async (ids) => {
      const cancelled = await store.cancel(ids, now());
      for (const ended of cancelled) events.emit('ended', erased(ended));
      return cancelled.length;
    },
  };
}

function erased({ box, key }: Ended) {
  return { box, key, outcome: 'erased', status: 0, reason: 'cancelled before its time' } as const;
}

function asReminder({ id, key, box, srcAddr, sendTime, expTime, contentType }: Message): Reminder {
  return { id, key, box, from: srcAddr, sendTime, expTime, contentType };
}
