-- drachtio-silo, schema step 3 for SQLite: message-waiting lamps.
-- Safe to run again. All times are epoch seconds (UTC).

-- Mailboxes that somebody watches or publishes for. Only these get rows in `mwi_change`, so a mailbox that
-- nobody watches costs nothing when its messages come and go.
create table if not exists mwi_mailbox (
  aor  text primary key,                             -- canonical AoR, the box of the silo
  seen integer not null default 0                    -- last SUBSCRIBE, PUBLISH or registration
) without rowid;

-- What changed, in order; written in the transaction that changes it, read by every node once a second,
-- forgotten after some minutes.
create table if not exists mwi_change (
  id       integer primary key autoincrement,
  mailbox  text not null,
  watchers integer not null default 0,               -- 1: a subscription was replaced, 0: the state changed
  at       integer not null
);
create index if not exists mwi_change_at_idx on mwi_change (at);

-- Live publications (RFC 3903). The entity-tag is new at every success and never used again.
create table if not exists mwi_publication (
  tag       text primary key,
  mailbox   text not null,
  publisher text not null,                           -- From of the PUBLISH
  body      text not null,                           -- the summary in its canonical form
  expires   integer not null,
  stamp     integer not null                         -- order of the last change of the body, microseconds
) without rowid;
create index if not exists mwi_publication_mailbox_idx on mwi_publication (mailbox);
create index if not exists mwi_publication_expires_idx on mwi_publication (expires);

-- Subscriptions (RFC 6665), with all that is needed to send a NOTIFY in their dialog.
create table if not exists mwi_subscription (
  id          text primary key,
  mailbox     text not null,
  event_id    text not null default '',              -- `id` of the Event header
  device      text not null,                         -- hash of the instance or the contact
  node        text not null,                         -- the node that serves it
  run         text not null,                         -- the run of that node's process
  callid      text not null,
  local_tag   text not null,
  remote_tag  text not null,
  local       text not null,                         -- From of a NOTIFY, without its tag
  remote      text not null,                         -- To of a NOTIFY, without its tag
  target      text not null,                         -- the phone's Contact
  routes      text not null default '',              -- Record-Route, one entry a line
  source      text not null default '',              -- protocol:port:address the SUBSCRIBE came from
  contact     text not null,                         -- our own Contact
  remote_cseq integer not null,
  local_cseq  integer not null,                      -- highest CSeq of a NOTIFY known at `updated`
  aliased     integer not null default 0,            -- subscribed under another name than its AoR
  moved       integer not null default 0,            -- a refresh has moved the target, which drachtio-server does not follow
  expires     integer not null,
  updated     integer not null
) without rowid;
create index if not exists mwi_subscription_device_idx on mwi_subscription (mailbox, event_id, device);
create index if not exists mwi_subscription_node_idx on mwi_subscription (node, run);
create index if not exists mwi_subscription_expires_idx on mwi_subscription (expires);
