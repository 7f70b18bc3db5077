/** Where users come from: the store, a file, or a function of the host app. One interface, behind which they stand. */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { UserStore } from '../../stores/contract/users.ts';
import type { Secrets } from '../digest/verify.ts';
import { openUserFile } from './file.ts';

const log = logger('auth:users');

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

/** @param from `store`, `file:<path>`, or a function */
export function openUsers(from: string | FindUser, store: UserStore): Users {
  if (typeof from === 'function') return usersOf(from);
  const path = /^file:(.+)$/s.exec(from)?.[1];
  if (path !== undefined) return openUserFile(path);
  return {
    find: ({ username, domain }) => store.subscriber(username, domain),
    any: () => store.hasSubscriber(),
  };
}

function usersOf(findUser: FindUser): Users {
  return {
    find: async ({ username, domain }) => {
      try {
        return await findUser(username, domain);
      } catch (cause) {
        if (cause instanceof SiloError) throw cause;
        log.error(`the function that finds users failed: ${textOf(cause)}`);
        throw new SiloError('SILO_STORE_UNAVAILABLE', "Users can't be looked up now.", {
          status: 503,
          retryAfter: 10,
          cause,
        });
      }
    },
    any: () => Promise.resolve(true),
  };
}
