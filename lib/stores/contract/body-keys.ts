/** Which keys bodies were encrypted with, never the keys themselves; and those bodies that want another one. */
import type { Message } from './message.ts';

interface KnownBodyKey {
  readonly id: string;
  /** By which the key itself can be told from another one. */
  readonly proof: string;
}

/** The tables that hold bodies: what waits, and what could not be delivered. */
export const BODY_TABLES = ['silo', 'silo_dead'] as const;

export type BodyTable = (typeof BODY_TABLES)[number];

/** A body in another form than before: with the seal that it had. */
interface Resealed {
  readonly message: Pick<Message, 'id' | 'key' | 'body' | 'headers' | 'seal'>;
  readonly was: string | undefined;
}

export interface BodyKeyStore {
  /** The keys that nodes have ever encrypted bodies with. */
  bodyKeys(): Promise<readonly KnownBodyKey[]>;
  /** From now on bodies are encrypted with this key, too; nothing happens if its id is known. */
  addBodyKey(id: string, proof: string): Promise<void>;
  /** The ids of the rows behind this one. */
  bodyIds(table: BodyTable, after: number, limit: number): Promise<readonly number[]>;
  /**
   * Those of the rows from behind this id up to that one whose body is not encrypted with this key, as they stand there. What another
   * program has inserted counts as soon as it has a box.
   */
  bodiesNotBy(key: string, table: BodyTable, after: number, last: number): Promise<readonly Message[]>;
  /** Writes bodies where the row is still there, with the seal that it had; returns how many it has written. */
  reseal(table: BodyTable, bodies: readonly Resealed[]): Promise<number>;
}
