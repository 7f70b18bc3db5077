-- drachtio-silo, schema step 2 for SQLite: bindings of the built-in registrar.
-- Safe to run again. All times are epoch seconds (UTC).

create table if not exists binding (
  aor           text not null,
  contact_key   text not null,                       -- hash of the contact URI, as in the MySQL schema
  contact       text not null,
  expires       integer not null,
  q             real not null default 1,
  instance      text,                                -- +sip.instance (RFC 5626)
  reg_id        integer,
  callid        text not null default '',
  cseq          integer not null default 0,
  path          text,                                -- Path entries (RFC 3327), one a line
  source        text not null default '',            -- protocol:address:port the REGISTER came from
  server        text not null default '',            -- SIP addresses of the drachtio-server that has its connection
  takes_message integer not null default 1,          -- by Allow and `methods`
  user_agent    text not null default '',
  updated       integer not null default 0,
  primary key (aor, contact_key)
) without rowid;
create index if not exists binding_expires_idx on binding (expires);
