-- drachtio-silo, schema step 4 for MySQL 8 and MariaDB >= 10.6: nodes, and what a device says that it can do.
-- Safe to run again. All times are epoch seconds (UTC), by the clock of the database.

-- One row per node, by its name (SILO_NODE). Each node writes `seen` every few seconds; one that does so no more is dead,
-- and others see to what it has left. A row is forgotten a week after it was last seen.
create table if not exists silo_node (
  node    varchar(128) not null primary key,        -- its name, the same over restarts
  run     varchar(64) not null,                     -- the run of its process; `node/run` owns leases
  process varchar(255) not null default '',         -- host name and process id
  server  varchar(255) not null default '',         -- SIP addresses of its drachtio-server
  version varchar(32) not null default '',
  started bigint not null,                          -- first heartbeat of this run
  seen    bigint not null,                          -- last heartbeat
  stopped bigint not null default 0,                -- orderly stop; 0: runs, or died
  key silo_node_seen_idx (seen)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- A device that can't do something is not asked again until its User-Agent or this changes. MySQL has no "add column if
-- not exists", so the statement is made only when the column is missing.
set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'binding' and column_name = 'methods') > 0,
  'do 0',
  'alter table binding add column methods varchar(255) not null default '''' comment ''by Allow and `methods`, in text order'''
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;
