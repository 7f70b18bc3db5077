-- drachtio-silo, schema step 8 for SQLite: who may ask.
-- Safe to run again. Kamailio's columns (subscriber, version 7) and our own, which have defaults: a `subscriber` table that is there
-- already keeps what it has and gains what is missing.

create table if not exists subscriber (
  id       integer primary key,
  username text not null default '',
  domain   text not null default '',
  password text not null default '',                 -- in the clear, where another program wrote it; ours never do
  ha1      text not null default '',                 -- MD5 of user:realm:password
  ha1b     text not null default ''                  -- MD5 of user@domain:realm:password
);
alter table subscriber add column password text not null default '';
alter table subscriber add column ha1b text not null default '';
-- The same two in SHA-256.
alter table subscriber add column ha1_sha256 text;
alter table subscriber add column ha1b_sha256 text;
create unique index if not exists silo_subscriber_idx on subscriber (username, domain);

-- Keys with which nonces are signed: the newest makes new ones, those before it are still good for a while.
create table if not exists silo_nonce_key (
  id     integer primary key,
  secret text not null,                              -- hex
  made   integer not null                            -- epoch seconds
);
