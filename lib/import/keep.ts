/** Where judged messages go: into a store, or, in a dry run, nowhere. */
import { SiloError } from '../base/errors.ts';
import type { KnownKeys } from '../stores/source/known-keys.ts';
import type { NewMessage } from '../stores/contract/message.ts';
import type { Store } from '../stores/contract/store.ts';

/** `known`: this row was imported before. */
type Kept = 'stored' | 'known' | { readonly refused: string };

/** What became of each message, in order. Rejects when the store can't be used; then nothing of the last lot is in it. */
export type Keep = (messages: readonly NewMessage[]) => Promise<readonly Kept[]>;

/**
 * Messages that share a commit. Only when they are in come the next ones, so that a failure in between leaves no gap
 * that a later run would fill out of order.
 */
const LOT = 1_000;
/** The bodies in it, bytes: far below what a server takes as one packet. */
const LOT_BYTES = 1_000_000;

export function keepIn(store: Pick<Store, 'acceptAll'>): Keep {
  const keep: Keep = async (lot) => {
    try {
      return (await store.acceptAll(lot)).map((stored) => (stored ? 'stored' : 'known'));
    } catch (error) {
      // A value that the database can't take is one row's fault, everything else ends the import.
      if (!(error instanceof SiloError && error.code === 'SILO_REFUSED')) throw error;
      if (lot.length === 1) return [{ refused: error.message }];
      const half = Math.ceil(lot.length / 2);
      return [...(await keep(lot.slice(0, half))), ...(await keep(lot.slice(half)))];
    }
  };
  return async (messages) => {
    const kept: Kept[] = [];
    for (const lot of lotsOf(messages)) kept.push(...(await keep(lot)));
    return kept;
  };
}

export function keepNothing(known: KnownKeys): Keep {
  return async (messages) => {
    const keys = await known.among(messages.map(({ key }) => key));
    return messages.map(({ key }) => (keys.has(key) ? 'known' : 'stored'));
  };
}

function* lotsOf(messages: readonly NewMessage[]): Generator<readonly NewMessage[]> {
  let lot: NewMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (lot.length === LOT || (lot.length > 0 && bytes + message.body.length > LOT_BYTES)) {
      yield lot;
      lot = [];
      bytes = 0;
    }
    lot.push(message);
    bytes += message.body.length;
  }
  if (lot.length > 0) yield lot;
}
