-- drachtio-silo, schema step 9 for SQLite: bodies that are encrypted (SILO_BODY_KEY).
-- Safe to run again: the application skips a column that is there; the sqlite3 shell says so, and goes on.

-- The id of the key by which body and kept headers of a row are encrypted; null: they are not. Where it is set, `body` holds
-- both (see lib/stores/shared/body-keys.ts) and `extra_hdrs` is empty.
alter table silo add column seal text;
alter table silo_dead add column seal text;

-- The keys that were ever used here to encrypt, by their ids, never the keys themselves. `proof` tells whether a key is the
-- same one: it can be read with that only.
create table if not exists silo_body_key (
  id    text primary key,
  proof text not null
) without rowid;
