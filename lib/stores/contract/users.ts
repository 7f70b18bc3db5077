/** Users with what stands for their passwords, and the keys that the nodes share to sign their nonces. */

/** A row of `subscriber`. Empty: not known. */
export interface Subscriber {
  readonly username: string;
  readonly domain: string;
  /** In the clear; only other programs write it. */
  readonly password: string;
  readonly ha1: string;
  readonly ha1b: string;
  readonly ha1Sha256: string;
  readonly ha1bSha256: string;
}

type SubscriberName = Pick<Subscriber, 'username' | 'domain'>;

export interface StoredNonceKey {
  readonly id: number;
  /** Hex. */
  readonly secret: string;
  /** Epoch seconds. */
  readonly made: number;
}

export interface UserStore {
  /** The user of exactly this name, whatever the database takes for equal. */
  subscriber(username: string, domain: string): Promise<Subscriber | undefined>;
  /** Is there any user? */
  hasSubscriber(): Promise<boolean>;
  /** The users behind this one, in the order of their names. */
  subscribers(after: SubscriberName, limit: number): Promise<readonly Subscriber[]>;
  /**
   * Adds a user, or gives one other secrets.
   * @throws SiloError when another program's table takes the name for that of somebody else, `Bob` for `bob` say
   */
  putSubscriber(subscriber: Subscriber): Promise<void>;
  /** False: there was none of exactly this name. */
  removeSubscriber(username: string, domain: string): Promise<boolean>;

  /** All keys, the oldest first. */
  nonceKeys(): Promise<readonly StoredNonceKey[]>;
  addNonceKey(key: Omit<StoredNonceKey, 'id'>): Promise<void>;
  /** Forgets keys that were made before. */
  forgetNonceKeys(before: number): Promise<void>;
}
