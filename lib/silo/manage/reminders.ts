/** Messages that wait for their time: look at them, take them back. */
import type { Message } from '../../stores/contract/message.ts';
import { CANCELLED, type ReminderStore } from '../../stores/contract/reminders.ts';
import type { SiloContext } from '../state/context.ts';

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

export interface ReminderContext extends Pick<SiloContext, 'events' | 'now'> {
  readonly store: ReminderStore;
}

export function createReminders({ store, events, now }: ReminderContext): Reminders {
  return {
    list: async ({ box = '', after, limit = 100 } = {}) =>
      (await store.reminders(box, now(), limit, after)).map(asReminder),

    cancel: async (ids) => {
      const cancelled = await store.cancel(ids, now());
      for (const { box, key } of cancelled) events.emit('ended', { box, key, ...CANCELLED });
      return cancelled.length;
    },
  };
}

function asReminder({ id, key, box, srcAddr, sendTime, expTime, contentType }: Message): Reminder {
  return { id, key, box, from: srcAddr, sendTime, expTime, contentType };
}
