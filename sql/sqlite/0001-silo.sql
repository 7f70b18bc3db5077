-- drachtio-silo, schema step 1 for SQLite: messages that wait.
-- Safe to run again. The columns up to `status` are Kamailio's (schema v8); every column of ours has a
-- default, so another program can insert rows as Kamailio writes them. All times are epoch seconds (UTC).

create table if not exists silo (
  id          integer primary key autoincrement,
  src_addr    text not null default '',              -- From URI
  dst_addr    text not null default '',              -- To URI
  username    text not null default '',              -- recipient
  domain      text not null default '',
  inc_time    integer not null default 0,            -- accepted
  exp_time    integer not null default 0,            -- expires; never sent after
  snd_time    integer not null default 0,            -- not to be sent before (0: at once)
  ctype       text not null default 'text/plain',    -- Content-Type with its parameters
  body        blob,
  extra_hdrs  text,                                  -- kept headers, each a line ending in CRLF
  callid      text not null default '',              -- Call-ID as it came in
  status      integer not null default 0,            -- unused, as in Kamailio
  box         text,                                  -- canonical AoR; null: inserted by another program, not adopted yet
  dedup       text unique,                           -- identity of the message (sender, From tag, Call-ID, CSeq, recipient)
  src_name    text not null default '',              -- From display name
  dst_name    text not null default '',              -- To display name
  date_time   integer not null default 0,            -- Date of the sender, else acceptance; 0: inc_time
  urgent      integer not null default 0,            -- Priority urgent or emergency
  next_time   integer not null default 0,            -- next timed attempt; 0: waits for a registration
  hops        integer not null default 70,           -- Max-Forwards of its delivery
  attempts    integer not null default 0,
  strikes     integer not null default 0,            -- attempts that the device answered with a temporary failure
  last_status integer not null default 0,            -- SIP status of the last attempt
  refused_by  text,                                  -- devices that refused this message for good, one a line
  taken_by    text,                                  -- devices that have it already, one a line, while others are still owed it
  kind        integer not null default 0,            -- 0: message, 1: receipt (IMDN); receipts go last
  size        integer not null default 0,            -- bytes of body and kept headers
  thread      text                                   -- what a receipt is about; a newer one replaces it
);
create index if not exists silo_box_idx on silo (box, kind, snd_time, id, size);
create index if not exists silo_domain_idx on silo (domain, kind, id, size);
create index if not exists silo_thread_idx on silo (thread) where thread is not null;
create index if not exists silo_next_idx on silo (next_time);
create index if not exists silo_exp_idx on silo (exp_time);

-- One row per accepted message, from acceptance until it is forgotten: it makes a repeated MESSAGE
-- store nothing, also after delivery, and says how each message ended.
-- accepted = waiting ('') + delivered + expired + dead + erased
create table if not exists silo_ledger (
  dedup    text primary key,
  box      text not null,
  inc_time integer not null,
  end_time integer not null default 0,               -- 0: waits
  outcome  text not null default '',                 -- '', delivered, expired, dead, erased
  status   integer not null default 0,               -- last SIP status
  reason   text not null default ''
) without rowid;
create index if not exists silo_ledger_end_idx on silo_ledger (end_time);
create index if not exists silo_ledger_outcome_idx on silo_ledger (outcome);

-- Leases: which node serves a box just now. A row lives only while a lane runs.
create table if not exists silo_lease (
  box   text primary key,
  owner text not null,
  ends  integer not null,
  fence integer not null
) without rowid;

-- Dead letters: messages that can't be delivered, whole, with the reason.
create table if not exists silo_dead (
  id         integer primary key,
  dedup      text,
  box        text,
  src_addr   text not null default '',
  dst_addr   text not null default '',
  src_name   text not null default '',
  dst_name   text not null default '',
  inc_time   integer not null default 0,
  exp_time   integer not null default 0,
  snd_time   integer not null default 0,
  date_time  integer not null default 0,
  urgent     integer not null default 0,
  ctype      text not null default '',
  body       blob,
  extra_hdrs text,
  callid     text not null default '',
  hops       integer not null default 70,
  attempts   integer not null default 0,
  taken_by   text,
  kind       integer not null default 0,
  end_time   integer not null default 0,
  status     integer not null default 0,
  reason     text not null default ''
);
create index if not exists silo_dead_box_idx on silo_dead (box, id);
