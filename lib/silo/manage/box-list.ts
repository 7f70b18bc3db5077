/** Boxes in lists: pages of what was counted, each box with why it is stuck. */
import { cursorOf, limitOf, placeOf } from '../../base/paging.ts';
import type { BoxHead, BoxRow, BoxStore } from '../../stores/contract/boxes.ts';
import type { BoxEntry, BoxPage, BoxQuery } from './operations.ts';
import { whyStuck, type StuckContext } from './stuck.ts';

/** Boxes that one look for stuck ones goes through, and how many of them at a time. */
const MOST_LOOKED = 1000;
const LOOKED_AT_ONCE = 200;

export interface BoxListContext extends StuckContext {
  readonly store: StuckContext['store'] & Pick<BoxStore, 'boxPage' | 'boxTotals' | 'boxHeads' | 'countBoxes'>;
}

const LIKE = ['', 0, 0] as const;

export async function listBoxes(context: BoxListContext, query: BoxQuery): Promise<BoxPage> {
  const { store } = context;
  const { order = 'waiting', domain = '', stuck = false } = query;
  const limit = limitOf(query.limit);
  const question = ['boxes', order, domain.toLowerCase()];
  const place = placeOf(question, query.cursor, LIKE);
  let after: BoxRow | undefined = place && { box: place[0], messages: place[1], firstId: place[2] };
  const { counted } = await store.boxTotals('');
  const size = stuck === false ? limit : LOOKED_AT_ONCE;
  const boxes: BoxEntry[] = [];
  let more = true;
  for (let looked = 0; more && boxes.length < limit && looked < MOST_LOOKED; looked += size) {
    // One more than is looked at says whether there are more.
    const rows = await store.boxPage(order, domain.toLowerCase(), size + 1, after);
    const page = rows.slice(0, size);
    const entries = await entriesOf(context, page);
    more = rows.length > size;
    for (const [index, row] of page.entries()) {
      const entry = entries.get(row.box);
      if (entry && wanted(entry, stuck)) boxes.push(entry);
      after = row;
      if (boxes.length < limit) continue;
      more ||= index < page.length - 1;
      break;
    }
    if (stuck === false) break;
  }
  if (!more || !after) return { boxes, counted };
  return { boxes, counted, next: cursorOf(question, [after.box, after.messages, after.firstId]) };
}

function wanted(entry: BoxEntry, stuck: BoxQuery['stuck']): boolean {
  if (typeof stuck === 'string') return entry.stuck?.reason === stuck;
  return stuck !== true || entry.stuck !== undefined;
}

/**
 * Those of the rows that hold mail still, as they stand. Where the first message is gone the box was counted before that: it is counted
 * now.
 */
export async function entriesOf(
  context: BoxListContext,
  rows: readonly BoxRow[],
): Promise<ReadonlyMap<string, BoxEntry>> {
  const { store } = context;
  const heads = await headsOf(store, rows);
  const old = rows.filter((row) => !heads.has(row.box));
  const known = new Map(rows.map((row) => [row.box, row]));
  if (old.length > 0) {
    for (const { box } of old) known.delete(box);
    const counted = await store.countBoxes(old.map(({ box }) => box));
    for (const row of counted) known.set(row.box, row);
    for (const [box, head] of await headsOf(store, counted)) heads.set(box, head);
  }
  const reasons = await whyStuck(context, [...heads.values()]);
  return new Map(
    [...known].flatMap(([box, { messages }]) => {
      const head = heads.get(box);
      if (!head) return [];
      const stuck = reasons.get(box);
      return [[box, { aor: box, waiting: messages, oldest: head.incTime, ...(stuck ? { stuck } : {}) }]];
    }),
  );
}

async function headsOf(
  store: Pick<BoxStore, 'boxHeads'>,
  rows: readonly BoxRow[],
): Promise<Map<string, BoxHead>> {
  const boxes = new Set(rows.map(({ box }) => box));
  const heads = await store.boxHeads(rows.map(({ firstId }) => firstId));
  return new Map(heads.filter(({ box }) => boxes.has(box)).map((head) => [head.box, head]));
}
