/** Finding a user: what all places have in common where users may be. */
import type { Secrets } from '../digest/verify.ts';

/** Who says that he asks. */
export interface UserName {
  readonly username: string;
  readonly domain: string;
  /** The user name as it was sent: with its domain, perhaps. */
  readonly sent: string;
  readonly realm: string;
}

/** What is known of a user, asked of the host app; undefined: there is no such user. */
export type FindUser = (
  username: string,
  domain: string,
) => Secrets | undefined | Promise<Secrets | undefined>;

export interface Users {
  /** @throws SiloError 503 when that can't be known now */
  readonly find: (name: UserName) => Promise<Secrets | undefined>;
  /** Is there any? */
  readonly any: () => Promise<boolean>;
}
