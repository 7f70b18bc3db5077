-- drachtio-silo, schema step 3 for MySQL 8 and MariaDB >= 10.6: message-waiting lamps.
-- Safe to run again. All times are epoch seconds (UTC).

-- Mailboxes that somebody watches or publishes for. Only these get rows in `mwi_change`, so a mailbox that
-- nobody watches costs nothing when its messages come and go.
create table if not exists mwi_mailbox (
  aor  varchar(320) not null primary key,           -- canonical AoR, the box of the silo
  seen bigint not null default 0,                   -- last SUBSCRIBE, PUBLISH or registration
  key mwi_mailbox_seen_idx (seen)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- What changed, in order; written in the transaction that changes it, read by every node once a second,
-- forgotten after some minutes.
create table if not exists mwi_change (
  id       bigint unsigned not null auto_increment primary key,
  mailbox  varchar(320) not null,
  watchers tinyint not null default 0,              -- 1: a subscription was replaced, 0: the state changed
  at       bigint not null,
  key mwi_change_at_idx (at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Live publications (RFC 3903). The entity-tag is new at every success and never used again.
create table if not exists mwi_publication (
  tag       varchar(64) character set ascii collate ascii_bin not null primary key,
  mailbox   varchar(320) not null,
  publisher varchar(512) not null,                  -- From of the PUBLISH
  body      text not null,                          -- the summary in its canonical form
  expires   bigint not null,
  stamp     bigint not null,                        -- order of the last change of the body, microseconds
  key mwi_publication_mailbox_idx (mailbox),
  key mwi_publication_expires_idx (expires)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Subscriptions (RFC 6665), with all that is needed to send a NOTIFY in their dialog.
create table if not exists mwi_subscription (
  id          char(32) character set ascii collate ascii_bin not null primary key,
  mailbox     varchar(320) not null,
  event_id    varchar(128) not null default '',     -- `id` of the Event header
  device      char(64) character set ascii collate ascii_bin not null, -- hash of the instance or the contact
  node        varchar(128) not null,                -- the node that serves it
  run         varchar(64) not null,                 -- the run of that node's process
  callid      varchar(512) not null,
  local_tag   varchar(64) not null,
  remote_tag  varchar(255) not null,
  local       varchar(2048) not null,               -- From of a NOTIFY, without its tag
  remote      varchar(2048) not null,               -- To of a NOTIFY, without its tag
  target      varchar(2048) not null,               -- the phone's Contact
  routes      text not null,                        -- Record-Route, one entry a line
  source      varchar(320) not null default '',     -- protocol:port:address the SUBSCRIBE came from
  contact     varchar(512) not null,                -- our own Contact
  remote_cseq bigint not null,
  local_cseq  bigint not null,                      -- highest CSeq of a NOTIFY known at `updated`
  aliased     tinyint not null default 0,           -- subscribed under another name than its AoR
  moved       tinyint not null default 0,           -- a refresh has moved the target, which drachtio-server does not follow
  expires     bigint not null,
  updated     bigint not null,
  key mwi_subscription_device_idx (mailbox, event_id, device),
  key mwi_subscription_node_idx (node, run),
  key mwi_subscription_expires_idx (expires)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
