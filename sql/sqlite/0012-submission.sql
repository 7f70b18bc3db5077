-- drachtio-silo, schema step 12 for SQLite: what programs have asked to be sent, by the names that they gave it (idempotencyKey), so
-- that what is asked for again is not sent again. Hashes only: no address, no text. Safe to run again.
create table if not exists silo_submission (
  name    text primary key,                  -- SHA-256 of the idempotencyKey
  content text not null,                     -- of all that was asked: another content is a mistake
  owner   text not null,                     -- the process that works on it
  since   integer not null,                  -- epoch seconds
  outcome text not null default '',          -- '': not known yet
  row_id  integer not null default 0         -- of the message in silo, 0: it was delivered at once
) without rowid;
create index if not exists silo_submission_since_idx on silo_submission (since);
