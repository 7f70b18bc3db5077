/** Users and keys in MySQL. */
import type { UserStore } from '../contract/users.ts';
import type { ReadStore } from '../shared/reads.ts';
import { NAMESAKES, SUBSCRIBER_COLUMNS, fromSubscriber, named, refuseNamesake } from '../shared/user-rows.ts';
import type { Mysql } from './link/transactions.ts';

export function mysqlUsers(db: Mysql): Omit<UserStore, keyof ReadStore> {
  return {
    putSubscriber: async (subscriber) => {
      const { username, domain } = subscriber;
      refuseNamesake(await db.all(NAMESAKES, [username, domain]), subscriber);
      await db.run(
        `insert into subscriber (${SUBSCRIBER_COLUMNS.join(', ')}) values (?) on duplicate key update ` +
          SUBSCRIBER_COLUMNS.slice(2)
            .map((column) => `${column} = values(${column})`)
            .join(', '),
        [fromSubscriber(subscriber)],
        'repeatable',
      );
    },

    removeSubscriber: async (username, domain) => {
      // The table may take another one for this name.
      if (!named(username, domain)(await db.all(NAMESAKES, [username, domain]))) return false;
      return (
        (await db.run(
          'delete from subscriber where username = ? and domain = ?',
          [username, domain],
          'repeatable',
        )) > 0
      );
    },

    addNonceKey: async ({ secret, made }) => {
      await db.run('insert into silo_nonce_key (secret, made) values (?, ?)', [secret, made], 'repeatable');
    },

    forgetNonceKeys: async (before) => {
      await db.run('delete from silo_nonce_key where made < ?', [before], 'repeatable');
    },
  };
}
