/** Dead letters for operators: look at them, send them again, throw them away. */
import type { DeadLetter } from '../../stores/contract/dead-letters.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { Boxes } from '../state/boxes.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { Lanes } from '../deliver/lanes.ts';

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

export function createDeadLetters(
  store: Store,
  boxes: Boxes,
  lanes: Lanes,
  events: SiloEmitter,
  expireTime: number,
  now: () => number,
): DeadLetters {
  return {
    list: ({ box = '', after = 0, limit = 100 } = {}) => store.deadLetters(box, after, limit),

    replay: async (ids) => {
      const back = await store.replay(ids, now() + expireTime);
      for (const { id, key, box } of back) {
        boxes.add(box);
        events.emit('stored', { box, key, id });
      }
      for (const box of new Set(back.map((letter) => letter.box))) lanes.wake(box, 'register');
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
