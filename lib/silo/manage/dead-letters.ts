/** Dead letters for operators: look at them, send them again, throw them away. */
import type { DeadLetter, DeadLetterStore } from '../../stores/contract/dead-letters.ts';
import type { SiloContext } from '../state/context.ts';
import type { WakeBox } from '../state/wake.ts';

export interface DeadLetters {
  /** At most `limit` (default 100) with an id above `after`, of one AoR or of all. */
  list(query?: {
    readonly box?: string;
    readonly after?: number;
    readonly limit?: number;
  }): Promise<readonly DeadLetter[]>;
  /** Back into their boxes with all attempts before them; returns how many were there. */
  replay(ids: readonly number[]): Promise<number>;
  /** Thrown away for good; returns how many were there. */
  drop(ids: readonly number[]): Promise<number>;
}

export interface DeadLetterContext extends Pick<SiloContext, 'boxes' | 'events' | 'now'> {
  readonly store: DeadLetterStore;
  readonly settings: { readonly expireTime: number };
  readonly wake: WakeBox;
}

export function createDeadLetters(context: DeadLetterContext): DeadLetters {
  const { store, boxes, events, settings, now, wake } = context;
  return {
    list: ({ box = '', after = 0, limit = 100 } = {}) => store.deadLetters(box, after, limit),

    replay: async (ids) => {
      const back = await store.replay(ids, now() + settings.expireTime);
      for (const { id, key, box } of back) {
        boxes.add(box);
        events.emit('stored', { box, key, id });
      }
      for (const box of new Set(back.map((letter) => letter.box))) wake(box, 'register');
      return back.length;
    },

    drop: async (ids) => {
      const gone = await store.dropDead(ids, now());
      for (const { box, key } of gone)
        events.emit('ended', { box, key, outcome: 'erased', status: 0, reason: 'dropped by an operator' });
      return gone.length;
    },
  };
}
