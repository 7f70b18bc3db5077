-- drachtio-silo, schema step 1 for MySQL 8 and MariaDB >= 10.6: messages that wait.
--
-- Safe to run again, and safe on a database in which a Kamailio already has its `silo` table
-- (version 8): that table is widened and gains our columns, its rows stay and are delivered.
-- Every column of ours has a default, so a Kamailio can go on inserting.
-- All times are epoch seconds (UTC).

-- Kamailio's table as its schema v8 has it; widened below.
create table if not exists silo (
  id         bigint unsigned not null auto_increment primary key,
  src_addr   varchar(512) not null default '',       -- From URI
  dst_addr   varchar(512) not null default '',       -- To URI
  username   varchar(255) not null default '',       -- recipient
  domain     varchar(255) not null default '',
  inc_time   bigint not null default 0,              -- accepted
  exp_time   bigint not null default 0,              -- expires; never sent after
  snd_time   bigint not null default 0,              -- not to be sent before (0: at once)
  ctype      varchar(512) not null default 'text/plain', -- Content-Type with its parameters
  body       mediumblob,
  extra_hdrs mediumblob,                             -- kept headers, each a line ending in CRLF; bytes, since a
                                                     -- Kamailio writes them over a connection of any character set
  callid     varchar(255) not null default '',       -- Call-ID as it came in
  status     int not null default 0,                 -- unused, as in Kamailio
  key account_idx (username, domain)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Our own columns, and room where Kamailio's are too narrow. MySQL has no "add column if not exists",
-- so the statement is made only when the column `box` is missing.
set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'silo' and column_name = 'box') > 0,
  'do 0',
  'alter table silo
     modify id bigint unsigned not null auto_increment,
     modify src_addr varchar(512) character set utf8mb4 collate utf8mb4_bin not null default '''',
     modify dst_addr varchar(512) character set utf8mb4 collate utf8mb4_bin not null default '''',
     modify username varchar(255) not null default '''',
     modify domain varchar(255) not null default '''',
     modify inc_time bigint not null default 0,
     modify exp_time bigint not null default 0,
     modify snd_time bigint not null default 0,
     modify ctype varchar(512) character set utf8mb4 collate utf8mb4_bin not null default ''text/plain'',
     modify body mediumblob,
     modify extra_hdrs mediumblob,
     modify callid varchar(255) character set utf8mb4 collate utf8mb4_bin not null default '''',
     add column box varchar(320) character set utf8mb4 collate utf8mb4_bin null
       comment ''canonical AoR of the recipient; null: inserted by another program, not adopted yet'',
     add column dedup char(64) character set ascii collate ascii_bin null
       comment ''identity of the message (sender, From tag, Call-ID, CSeq, recipient)'',
     add column src_name varchar(255) character set utf8mb4 collate utf8mb4_bin not null default '''' comment ''From display name'',
     add column dst_name varchar(255) character set utf8mb4 collate utf8mb4_bin not null default '''' comment ''To display name'',
     add column date_time bigint not null default 0 comment ''Date of the sender, else acceptance; 0: inc_time'',
     add column urgent tinyint not null default 0 comment ''Priority urgent or emergency'',
     add column next_time bigint not null default 0 comment ''next timed attempt; 0: waits for a registration'',
     add column hops int not null default 70 comment ''Max-Forwards of its delivery'',
     add column attempts int not null default 0,
     add column strikes int not null default 0 comment ''attempts that the device answered with a temporary failure'',
     add column last_status int not null default 0 comment ''SIP status of the last attempt'',
     add column refused_by mediumtext null comment ''devices that refused this message for good, one a line'',
     add column taken_by mediumtext null comment ''devices that have it already, one a line, while others are still owed it'',
     add column kind tinyint not null default 0 comment ''0: message, 1: receipt (IMDN); receipts go last'',
     add column size int not null default 0 comment ''bytes of body and kept headers'',
     add column thread char(64) character set ascii collate ascii_bin null
       comment ''what a receipt is about; a newer one replaces it'',
     add key silo_box_idx (box, kind, snd_time, id, size),
     add key silo_domain_idx (domain, kind, id, size),
     add key silo_thread_idx (thread),
     add key silo_next_idx (next_time),
     add key silo_exp_idx (exp_time),
     add unique key silo_dedup_idx (dedup)'
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

-- One row per accepted message, from acceptance until it is forgotten: it makes a repeated MESSAGE
-- store nothing, also after delivery, and says how each message ended.
-- accepted = waiting ('') + delivered + expired + dead + erased
create table if not exists silo_ledger (
  dedup    char(64) character set ascii collate ascii_bin not null primary key,
  box      varchar(320) not null,
  inc_time bigint not null,
  end_time bigint not null default 0,               -- 0: waits
  outcome  varchar(16) not null default '',         -- '', delivered, expired, dead, erased
  status   int not null default 0,                  -- last SIP status
  reason   varchar(255) not null default '',
  key silo_ledger_end_idx (end_time),
  key silo_ledger_outcome_idx (outcome)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Leases: which node serves a box just now. A row lives only while a lane runs.
create table if not exists silo_lease (
  box   varchar(320) not null primary key,
  owner varchar(128) not null,
  ends  bigint not null,
  fence bigint not null,
  key silo_lease_owner_idx (owner)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Dead letters: messages that can't be delivered, whole, with the reason.
create table if not exists silo_dead (
  id         bigint unsigned not null primary key,
  dedup      char(64) character set ascii collate ascii_bin null,
  box        varchar(320) null,
  src_addr   varchar(512) not null default '',
  dst_addr   varchar(512) not null default '',
  src_name   varchar(255) not null default '',
  dst_name   varchar(255) not null default '',
  inc_time   bigint not null default 0,
  exp_time   bigint not null default 0,
  snd_time   bigint not null default 0,
  date_time  bigint not null default 0,
  urgent     tinyint not null default 0,
  ctype      varchar(512) not null default '',
  body       mediumblob,
  extra_hdrs mediumblob,
  callid     varchar(255) not null default '',
  hops       int not null default 70,
  attempts   int not null default 0,
  taken_by   mediumtext null,
  kind       tinyint not null default 0,
  end_time   bigint not null default 0,
  status     int not null default 0,
  reason     varchar(255) not null default '',
  key silo_dead_box_idx (box, id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
