/**
 * Brings all bodies that are in a store to the key that encrypts: those from before there was one, and those of an older one. Row by row,
 * each only as long as it is as it was read, so that an application may go on serving, and this may end at any time and begin anew.
 */
import { SiloError } from '../base/errors.ts';
import { BODY_TABLES, type BodyTable } from './contract/body-keys.ts';
import type { Store } from './contract/store.ts';
import { BodyKeys } from './shared/body-keys.ts';

/** Rows that are read at once, and bodies that are written in one transaction: their rows are locked for so long. */
const [READ, WRITTEN] = [500, 100];

export interface Encrypted {
  /** Rows that were looked at. */
  readonly seen: number;
  readonly encrypted: number;
  /** By the key that is missing, or by another key than the row says: they stay as they are. */
  readonly unreadable: number;
}

export interface EncryptOptions {
  /** Asked between two batches. */
  readonly stopped?: () => boolean;
  /** After each batch. */
  readonly onProgress?: (sofar: Encrypted) => void;
}

/**
 * @param bodyKey as the store was opened with
 * @returns what was done; it is complete unless it was stopped
 * @throws SiloError `SILO_CONFIG` when there is no key
 * @example await encryptStored(store, process.env.SILO_BODY_KEY);
 */
export async function encryptStored(
  store: Store,
  bodyKey: string,
  { stopped = () => false, onProgress = () => undefined }: EncryptOptions = {},
): Promise<Encrypted> {
  const keys = BodyKeys.of(bodyKey);
  if (!keys)
    throw new SiloError(
      'SILO_CONFIG',
      'There is no key to encrypt with: set SILO_BODY_KEY or SILO_BODY_KEY_FILE, on every node first.',
    );
  let sofar: Encrypted = { seen: 0, encrypted: 0, unreadable: 0 };
  // A message may go from one table to the other meanwhile; once nothing is found, all is done.
  for (let before = -1; sofar.encrypted > before && !stopped();) {
    before = sofar.encrypted;
    sofar = { ...sofar, unreadable: 0 };
    for (const table of BODY_TABLES) {
      for (let after = 0; !stopped();) {
        const ids = await store.bodyIds(table, after, READ);
        const last = ids.at(-1);
        if (last === undefined) break;
        const { encrypted, unreadable } = await encryptSome(store, keys, table, [after, last]);
        sofar = {
          seen: sofar.seen + ids.length,
          encrypted: sofar.encrypted + encrypted,
          unreadable: sofar.unreadable + unreadable,
        };
        onProgress(sofar);
        after = last;
      }
    }
  }
  return sofar;
}

async function encryptSome(
  store: Store,
  keys: BodyKeys,
  table: BodyTable,
  [after, last]: readonly [number, number],
): Promise<Omit<Encrypted, 'seen'>> {
  const found = await store.bodiesNotBy(keys.first, table, after, last);
  const readable = found.flatMap((message) => {
    const open = keys.open(message);
    return open.seal === undefined ? [{ message: { ...open, ...keys.seal(open) }, was: message.seal }] : [];
  });
  let encrypted = 0;
  for (let first = 0; first < readable.length; first += WRITTEN)
    encrypted += await store.reseal(table, readable.slice(first, first + WRITTEN));
  return { encrypted, unreadable: found.length - readable.length };
}
