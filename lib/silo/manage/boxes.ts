/** Boxes for operators: which there are, what is in one, and what to do about it. */
import { randomUUID } from 'node:crypto';
import { SiloError } from '../../base/errors.ts';
import { cursorOf, limitOf, placeOf } from '../../base/paging.ts';
import { askedAor } from '../../sip/read/recipient.ts';
import type { BoxRow } from '../../stores/contract/boxes.ts';
import { REMOVED } from '../../stores/contract/mending.ts';
import type { Kind, Place } from '../../stores/contract/message.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { SiloContext } from '../state/context.ts';
import type { SiloSettings } from '../state/options.ts';
import type { WakeBox } from '../state/wake.ts';
import { entriesOf, listBoxes, type BoxListContext } from './box-list.ts';
import type { BoxCounting } from './counting.ts';
import type { BoxOperations } from './operations.ts';
import { shownMessage } from './shown.ts';
import type { LiveKnowledge } from './stuck.ts';

/** Messages that are ended or moved at a time. */
const AT_ONCE = 200;
/** Messages of a box that is not counted while somebody waits for it. */
const LARGE = 5000;
/** Who holds the lease of a box that is being moved. */
const MOVER = 'operator';

export interface BoxOperationsContext extends BoxListContext, Pick<SiloContext, 'events'> {
  readonly store: Store;
  readonly settings: Pick<SiloSettings, 'deliverTo' | 'telDomain' | 'leaseTime'>;
  readonly counting: Pick<BoxCounting, 'fresh' | 'note'>;
  readonly live?: LiveKnowledge;
  /** The box may have something to send now; what other nodes serve they find by themselves. */
  readonly found: (box: string) => void;
  readonly wake: WakeBox;
}

const LIKE = ['', 0, 0] as const;

export function createBoxOperations(context: BoxOperationsContext): BoxOperations {
  const { store, settings, counting, events, now, found, wake } = context;
  const read = (aor: string) => askedAor(aor, settings);

  /** A large box is counted aside: seconds ago. */
  async function countNow(aor: string): Promise<readonly BoxRow[]> {
    const counted = await store.countedBox(aor);
    return counted && counted.messages > LARGE ? [counted] : store.countBoxes([aor]);
  }

  async function show(
    asked: string,
    { bodies = false, limit, cursor }: Parameters<BoxOperations['show']>[1] = {},
  ): ReturnType<BoxOperations['show']> {
    const aor = read(asked);
    const size = limitOf(limit);
    const question = ['box', aor];
    const place = placeOf(question, cursor, LIKE);
    const after: Place | undefined = place && { kind: place[0] as Kind, sendTime: place[1], id: place[2] };
    const [rows, page] = await Promise.all([
      countNow(aor),
      store.contents(aor, bodies ? 'whole' : 'facts', size + 1, after),
    ]);
    const entry = (await entriesOf(context, rows)).get(aor) ?? { aor, waiting: 0, oldest: 0 };
    const last = page.length > size ? page[size - 1] : undefined;
    return {
      ...entry,
      messages: page.slice(0, size).map((message) => shownMessage(message, bodies)),
      ...(last ? { next: cursorOf(question, [last.kind, last.sendTime, last.id]) } : {}),
    };
  }

  async function remove(asked: string, { ids }: { readonly ids?: readonly number[] } = {}): Promise<number> {
    const box = read(asked);
    let removed = 0;
    // Some at a time: what was ended is told, also when the store goes away in between.
    const batches = ids === undefined ? undefined : slices([...new Set(ids)]);
    for (;;) {
      const some = batches?.next();
      if (some?.done === true) break;
      const ended = await store.removeFrom(box, some?.value, REMOVED, AT_ONCE);
      for (const { key } of ended) events.emit('ended', { box, key, ...REMOVED });
      removed += ended.length;
      if (batches === undefined && ended.length === 0) break;
    }
    return removed;
  }

  async function move(asked: string, target: string): Promise<number> {
    const [from, to] = [read(asked), read(target)];
    if (from === to)
      throw refused(400, `${from} is where these messages are: name another AoR to move them to.`);
    const owner = `${MOVER}/${randomUUID()}`;
    const claim = await store.claim(from, owner, settings.leaseTime);
    if (!('lease' in claim))
      throw refused(
        409,
        `The box of ${from} is being served just now, nothing was moved: try again in ${claim.heldFor + 1} s.`,
      );
    try {
      return await moveAll(from, to, () => store.renew(owner, settings.leaseTime));
    } finally {
      await store.release(claim.lease);
    }
  }

  async function moveAll(from: string, to: string, renew: () => Promise<void>): Promise<number> {
    let moved = 0;
    let after: Place | undefined;
    for (;;) {
      const page = await store.contents(from, 'whole', AT_ONCE, after);
      after = page.at(-1);
      // What can't be opened is bound to its box.
      const open = page.filter(({ seal }) => seal === undefined);
      const gone = await store.moveFrom(
        from,
        open.map((message) => ({ ...message, box: to, dstAddr: uriLike(message.dstAddr, to), dstName: '' })),
        now(),
      );
      moved += gone.length;
      if (gone.length > 0) {
        found(to);
        for (const { key, id } of gone) events.emit('moved', { from, box: to, key, id });
      }
      if (page.length < AT_ONCE) break;
      await renew();
    }
    if (moved > 0) wake(to, 'register');
    return moved;
  }

  return {
    list: async (query = {}) => {
      await counting.fresh();
      return listBoxes(context, query);
    },
    count: async ({ domain = '' } = {}) => {
      await counting.fresh();
      return store.boxTotals(domain.toLowerCase());
    },
    show,
    requeue: async (asked) => {
      const box = read(asked);
      const waiting = await store.requeue(box, now());
      if (waiting > 0) {
        found(box);
        wake(box, 'register');
      }
      return waiting;
    },
    remove,
    move,
  };
}

/** To names who has it now; what was to go a secure way still is. */
function uriLike(old: string, aor: string): string {
  return `${/^sips:/i.test(old) ? 'sips' : 'sip'}:${aor}`;
}

function* slices(ids: readonly number[]): Generator<readonly number[]> {
  for (let first = 0; first < ids.length; first += AT_ONCE) yield ids.slice(first, first + AT_ONCE);
}

function refused(status: number, text: string): SiloError {
  return new SiloError('SILO_REFUSED', text, { status });
}
