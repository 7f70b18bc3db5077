/** What deliveries have ended, many boxes in one transaction, in MySQL. */
import { endRows } from './inside/end.ts';
import { lock } from './link/locks.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { GAVE_WAY } from '../shared/quota.ts';
import { int, text } from '../shared/values.ts';
import type { Lease } from '../contract/leases.ts';
import type { End, Ended } from '../contract/message.ts';

export interface Settle {
  readonly lease: Lease;
  readonly message: Ended;
  readonly end: End;
}

/** A message of the batch was not there any more: which one is seen only under locks. */
class NotAllThere extends Error {}

/** For each, whether it was ours to settle: its lease is held and its row was there. */
export async function settleAll(db: Mysql, items: readonly Settle[], now: number): Promise<boolean[]> {
  const settle = (plainly: boolean) =>
    db.transaction(async (tx, uncertain) => {
      const batch = { items, now, ...(await lockLeases(tx, items)) };
      return plainly && !uncertain && isPlain(batch)
        ? settlePlainly(tx, batch)
        : settleOneByOne(tx, batch, uncertain);
    }, 'repeatable');
  try {
    return await settle(true);
  } catch (error) {
    if (!(error instanceof NotAllThere)) throw error;
    return settle(false);
  }
}

interface Leases {
  /** By name. */
  readonly held: ReadonlySet<string>;
  /** Some of the boxes are of a domain that has a limit. */
  readonly limited: boolean;
}

interface Batch extends Leases {
  readonly items: readonly Settle[];
  readonly now: number;
}

async function lockLeases(tx: Queries, items: readonly Settle[]): Promise<Leases> {
  const limited = `exists(select 1 from silo_usage u where u.domain = substring_index(box, '@', -1)) as limited`;
  const rows = await lock(
    tx,
    ['silo_lease', `box, owner, fence, ${limited}`],
    items.map((item) => item.lease.box),
  );
  const names = rows.map((row) =>
    nameOf({ box: text(row, 'box'), owner: text(row, 'owner'), fence: int(row, 'fence') }),
  );
  return { held: new Set(names), limited: rows.some((row) => int(row, 'limited') !== 0) };
}

/** All ended alike, each once, each with its lease: what nearly every batch is. */
function isPlain({ items, held }: Batch): boolean {
  return (
    items.every(({ lease }) => held.has(nameOf(lease))) &&
    new Set(items.map(({ end }) => nameOfEnd(end))).size === 1 &&
    new Set(items.map(({ message }) => message.id)).size === items.length
  );
}

/** Deletes them without a look first, and counts. The look costs one of four round trips. */
async function settlePlainly(tx: Queries, { items, limited, now }: Batch): Promise<boolean[]> {
  const [first] = items;
  if (!first) return [];
  const messages = items.map(({ message }) => message);
  const ended = await endRows(tx, messages, { ...first.end, now, limited });
  if (ended < items.length) throw new NotAllThere();
  return items.map(() => true);
}

async function settleOneByOne(
  tx: Queries,
  { items, held, limited, now }: Batch,
  uncertain: boolean,
): Promise<boolean[]> {
  const rows = await lock(
    tx,
    ['silo', 'id'],
    items.map((item) => item.message.id),
  );
  const present = new Set(rows.map((row) => int(row, 'id')));

  const valid = items.map(({ lease, message }) => held.has(nameOf(lease)) && present.delete(message.id));
  const groups = new Map<string, { end: End; messages: Ended[] }>();
  items.forEach(({ end, message }, index) => {
    if (!valid[index]) return;
    const name = nameOfEnd(end);
    const group = groups.get(name) ?? { end, messages: [] };
    group.messages.push(message);
    groups.set(name, group);
  });
  for (const { end, messages } of groups.values()) await endRows(tx, messages, { ...end, now, limited });
  for (const [index, { lease, message, end }] of items.entries())
    if (!valid[index] && held.has(nameOf(lease))) valid[index] = await correct(tx, message, end, now);
  return uncertain ? settledBefore(tx, items, held, valid) : valid;
}

/** It gave way while a device took it. */
async function correct(
  tx: Queries,
  { key }: Ended,
  { outcome, status, reason }: End,
  now: number,
): Promise<boolean> {
  if (outcome !== 'delivered') return false;
  const changed = await tx.run(
    `update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ?
       where dedup = ? and outcome = 'erased' and reason in (?)`,
    [outcome, status, reason.slice(0, 255), now, key, GAVE_WAY],
  );
  return changed > 0;
}

/** Our own commit may have ended those that are gone: then the ledger says what we wanted to write. */
async function settledBefore(
  tx: Queries,
  items: readonly Settle[],
  held: ReadonlySet<string>,
  valid: readonly boolean[],
): Promise<boolean[]> {
  const rows = await tx.all('select dedup, outcome, status from silo_ledger where dedup in (?)', [
    items.map((item) => item.message.key),
  ]);
  const ends = new Set(
    rows.map((row) => JSON.stringify([text(row, 'dedup'), text(row, 'outcome'), int(row, 'status')])),
  );
  return items.map(
    ({ lease, message, end }, index) =>
      valid[index] === true ||
      (held.has(nameOf(lease)) && ends.has(JSON.stringify([message.key, end.outcome, end.status]))),
  );
}

function nameOf({ box, owner, fence }: Lease): string {
  return JSON.stringify([box, owner, fence]);
}

function nameOfEnd({ outcome, status, reason }: End): string {
  return JSON.stringify([outcome, status, reason]);
}
