/** What was counted of boxes, as rows; and what changes when some are counted again: the same for both engines. */
import type { BoxHead, BoxOrder, BoxRow, BoxTotals, HeldBox } from '../contract/boxes.ts';
import { domainOf } from './quota.ts';
import { int, list, text, type Row } from './values.ts';

export function toBoxRow(row: Row): BoxRow {
  return { box: text(row, 'box'), messages: int(row, 'messages'), firstId: int(row, 'first_id') };
}

/** Columns of {@link toBoxHead}. */
export const HEAD_COLUMNS = 'id, box, inc_time, snd_time, next_time, attempts, last_status, refused_by';

export function toBoxHead(row: Row): BoxHead {
  return {
    id: int(row, 'id'),
    box: text(row, 'box'),
    incTime: int(row, 'inc_time'),
    sendTime: int(row, 'snd_time'),
    nextTime: int(row, 'next_time'),
    attempts: int(row, 'attempts'),
    lastStatus: int(row, 'last_status'),
    refusedBy: list(row, 'refused_by'),
  };
}

export function toHeldBox(row: Row): HeldBox {
  return { box: text(row, 'box'), owner: text(row, 'owner'), ends: int(row, 'ends') };
}

/** Out of the rows of a domain ('': all) and of all together. */
export function toTotals(domain: string): (rows: readonly Row[]) => BoxTotals {
  return (rows) => {
    const of = (name: string) => rows.find((row) => text(row, 'domain') === name) ?? {};
    return {
      boxes: int(of(domain), 'boxes'),
      messages: int(of(domain), 'messages'),
      counted: int(of(''), 'counted'),
    };
  };
}

/** Counts some boxes by an index alone; all that a box holds is counted, so it is not for those that wait. */
export const COUNTED =
  'box, count(*) as messages, coalesce(min(case when snd_time = 0 then id end), min(id)) as first_id';

const COLUMNS = 'box, messages, first_id';

interface PageRead {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The page of an order behind a row. Each way goes along an index of its own. */
export function pageOfBoxes(
  order: BoxOrder,
  domain: string,
  limit: number,
  after: BoxRow | undefined,
): PageRead {
  const [whose, of] = domain === '' ? ['', []] : ['domain = ? and ', [domain]];
  const rows = (condition: string, by: string, hint = '') =>
    `select ${COLUMNS} from silo_box${hint} where ${whose}${condition} order by ${by} limit ?`;
  switch (order) {
    case 'name':
      return { sql: rows('box > ?', 'box'), values: [...of, after?.box ?? '', limit] };
    case 'oldest':
      return { sql: rows('first_id > ?', 'first_id'), values: [...of, after?.firstId ?? 0, limit] };
    case 'waiting': {
      const fewer = rows('messages < ?', 'messages desc, box desc');
      if (!after) return { sql: fewer, values: [...of, Number.MAX_SAFE_INTEGER, limit] };
      // Half of all boxes may have one message: of `messages <= ? and (messages < ? or box < ?)` all before the page would be read, and so
      // they would without the index, of which MariaDB uses only `messages` by itself: 200 ms of 200,000 boxes, with it 0.4 (MariaDB
      // 10.11). To SQLite it is a comment.
      const index = domain === '' ? 'silo_box_messages_idx' : 'silo_box_domain_messages_idx';
      const equal = rows(
        'messages = ? and box < ?',
        'messages desc, box desc',
        ` /*! force index (${index}) */`,
      );
      const { messages, box } = after;
      return {
        sql: `select ${COLUMNS} from (${equal}) e union all select ${COLUMNS} from (${fewer}) f`,
        values: [...of, messages, box, limit, ...of, messages, limit],
      };
    }
  }
}

/** A union keeps its parts in their order on both databases, and none promises it. */
export function toPage(order: BoxOrder, limit: number): (rows: readonly Row[]) => readonly BoxRow[] {
  return (rows) => {
    const page = rows.map(toBoxRow);
    if (order === 'waiting')
      page.sort((a, b) => b.messages - a.messages || Buffer.compare(Buffer.from(b.box), Buffer.from(a.box)));
    return page.slice(0, limit);
  };
}

export interface Recount {
  readonly put: readonly BoxRow[];
  readonly drop: readonly string[];
  /** By domain, and of all under '': what is added. */
  readonly totals: readonly { readonly domain: string; readonly boxes: number; readonly messages: number }[];
}

/** What makes of rows as they were rows as they are. */
export function recount(before: readonly BoxRow[], now: readonly BoxRow[]): Recount {
  const old = new Map(before.map((row) => [row.box, row]));
  const found = new Map(now.map((row) => [row.box, row]));
  const totals = new Map<string, { domain: string; boxes: number; messages: number }>();
  const add = (domain: string, boxes: number, messages: number) => {
    const sum = totals.get(domain) ?? { domain, boxes: 0, messages: 0 };
    totals.set(domain, { domain, boxes: sum.boxes + boxes, messages: sum.messages + messages });
  };
  const put = now.filter((row) => {
    const was = old.get(row.box);
    return was?.messages !== row.messages || was.firstId !== row.firstId;
  });
  const drop = before.map(({ box }) => box).filter((box) => !found.has(box));
  for (const box of [...put.map((row) => row.box), ...drop]) {
    const [was, is] = [old.get(box), found.get(box)];
    const boxes = (is ? 1 : 0) - (was ? 1 : 0);
    const messages = (is?.messages ?? 0) - (was?.messages ?? 0);
    for (const domain of ['', domainOf(box)]) add(domain, boxes, messages);
  }
  return {
    put,
    drop,
    totals: [...totals.values()].filter(({ boxes, messages }) => boxes !== 0 || messages !== 0),
  };
}
