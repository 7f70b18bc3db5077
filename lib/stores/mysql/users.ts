/** Users and keys in MySQL. */
import type { UserStore } from '../contract/users.ts';
import type { ReadStore } from '../shared/reads.ts';
import { SUBSCRIBER_COLUMNS, fromSubscriber } from '../shared/user-rows.ts';
import type { Mysql } from './link/transactions.ts';

export function mysqlUsers(db: Mysql): Omit<UserStore, keyof ReadStore> {
  return {
    putSubscriber: async (subscriber) => {
      await db.run(
        `insert into subscriber (${SUBSCRIBER_COLUMNS.join(', ')}) values (?) on duplicate key update ` +
          SUBSCRIBER_COLUMNS.slice(2)
            .map((column) => `${column} = values(${column})`)
            .join(', '),
        [fromSubscriber(subscriber)],
        'repeatable',
      );
    },

    removeSubscriber: async (username, domain) =>
      (await db.run(
        'delete from subscriber where username = ? and domain = ?',
        [username, domain],
        'repeatable',
      )) > 0,

    addNonceKey: async ({ secret, made }) => {
      await db.run('insert into silo_nonce_key (secret, made) values (?, ?)', [secret, made], 'repeatable');
    },

    forgetNonceKeys: async (before) => {
      await db.run('delete from silo_nonce_key where made < ?', [before], 'repeatable');
    },
  };
}
