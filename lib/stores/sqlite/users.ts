/** Users and keys in SQLite. */
import type { UserStore } from '../contract/users.ts';
import { NAMESAKES, SUBSCRIBER_COLUMNS, fromSubscriber, named, refuseNamesake } from '../shared/user-rows.ts';
import { marks } from '../shared/values.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';

export function sqliteUsers(db: Sqlite): Part<UserStore> {
  return {
    putSubscriber: (subscriber) => {
      refuseNamesake(db.sql(NAMESAKES).all(subscriber.username, subscriber.domain), subscriber);
      db.sql(
        `insert into subscriber (${SUBSCRIBER_COLUMNS.join(', ')}) values (${marks(SUBSCRIBER_COLUMNS)})
           on conflict (username, domain) do update set ` +
          SUBSCRIBER_COLUMNS.slice(2)
            .map((column) => `${column} = excluded.${column}`)
            .join(', '),
      ).run(...fromSubscriber(subscriber));
    },

    removeSubscriber: (username, domain) =>
      // The table may take another one for this name.
      named(username, domain)(db.sql(NAMESAKES).all(username, domain)) !== undefined &&
      db.sql('delete from subscriber where username = ? and domain = ?').run(username, domain).changes > 0,

    addNonceKey: ({ secret, made }) => {
      db.sql('insert into silo_nonce_key (secret, made) values (?, ?)').run(secret, made);
    },

    forgetNonceKeys: (before) => {
      db.sql('delete from silo_nonce_key where made < ?').run(before);
    },
  };
}
