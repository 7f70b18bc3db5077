/** Which keys bodies were encrypted with; never the keys themselves. */

interface KnownBodyKey {
  readonly id: string;
  /** By which the key itself can be told from another one. */
  readonly proof: string;
}

export interface BodyKeyStore {
  /** The keys that nodes have ever encrypted bodies with. */
  bodyKeys(): Promise<readonly KnownBodyKey[]>;
  /** From now on bodies are encrypted with this key, too; nothing happens if its id is known. */
  addBodyKey(id: string, proof: string): Promise<void>;
}
