/** Where users come from: the store, a file, or a function of the host app. One interface, behind which they stand. */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { UserStore } from '../../stores/contract/users.ts';
import { openUserFile, type FileRules } from './file.ts';
import type { FindUser, Users } from './find.ts';

const log = logger('auth:users');

/** @param from `store`, `file:<path>`, or a function */
export function openUsers(from: string | FindUser, store: UserStore, rules: FileRules): Users {
  if (typeof from === 'function') return usersOf(from);
  const path = /^file:(.+)$/s.exec(from)?.[1];
  if (path !== undefined) return openUserFile(path, rules);
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
