/** Rows that another program (a Kamailio, an operator) has inserted get their canonical box and a key of their own. */
import { sha256 } from '../../../base/sha256.ts';
import { logger } from '../../../base/log.ts';
import { aorOf } from '../../../sip/read/uri.ts';
import type { Adoption, ForeignRow } from '../../../stores/contract/message.ts';
import type { MessageStore } from '../../../stores/contract/messages.ts';

const log = logger('silo:clock');

/** Width of the column. */
const LONGEST_BOX = 320;
/** No device can register this (RFC 2606 2). */
const UNREADABLE = 'unreadable@invalid';

export interface AdoptionContext {
  readonly store: Pick<MessageStore, 'foreign' | 'adopt'>;
  readonly settings: { readonly expireTime: number };
  readonly now: () => number;
}

/** Adopts at most `limit` rows; returns their boxes. */
export async function adoptForeign(
  { store, settings, now }: AdoptionContext,
  limit: number,
): Promise<readonly string[]> {
  const rows = await store.foreign(limit);
  if (rows.length === 0) return [];
  const adoptions = rows.map((row) => adoptionOf(row, now(), settings.expireTime));
  await store.adopt(adoptions);
  const unreadable = adoptions.filter((row) => row.box === UNREADABLE).map((row) => row.id);
  if (unreadable.length > 0)
    log.warn(
      `rows ${unreadable.join(', ')} of another program name no recipient that can be read: filed under ${UNREADABLE} until they expire`,
    );
  return adoptions.map((row) => row.box);
}

function adoptionOf(row: ForeignRow, now: number, expireTime: number): Adoption {
  const incTime = row.incTime || now;
  const read = aorOf(`sip:${row.username}@${row.domain}`) ?? '';
  const box = read === '' || read.length > LONGEST_BOX ? UNREADABLE : read;
  const key = sha256(['row', row.id, row.incTime, box].join('\0'));
  return {
    id: row.id,
    key,
    box,
    incTime,
    expTime: row.expTime || Math.max(incTime, row.sendTime) + expireTime,
  };
}
