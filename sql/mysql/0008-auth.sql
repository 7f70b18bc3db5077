-- drachtio-silo, schema step 8 for MySQL 8 and MariaDB >= 10.6: who may ask.
-- Safe to run again, and safe on a database in which a Kamailio or an OpenSIPS already has its `subscriber` table: that table keeps
-- its columns, its rows and its character set, and gains what is missing. All of ours have defaults, so that their tools go on working.

-- Users, with the columns of Kamailio's auth_db (subscriber, version 7).
create table if not exists subscriber (
  id          int unsigned not null auto_increment primary key,
  username    varchar(64) not null default '',
  domain      varchar(64) not null default '',
  password    varchar(64) not null default '',       -- in the clear, where another program wrote it; ours never do
  ha1         varchar(128) not null default '',      -- MD5 of user:realm:password
  ha1b        varchar(128) not null default '',      -- MD5 of user@domain:realm:password
  ha1_sha256  varchar(64) null,                      -- the same two in SHA-256
  ha1b_sha256 varchar(64) null,
  unique key account_idx (username, domain)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- MySQL has no "add column if not exists", so each statement is made only when its column is missing.
set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'subscriber' and column_name = 'password') > 0,
  'do 0', 'alter table subscriber add column password varchar(64) not null default ''''');
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'subscriber' and column_name = 'ha1b') > 0,
  'do 0', 'alter table subscriber add column ha1b varchar(128) not null default ''''');
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'subscriber' and column_name = 'ha1_sha256') > 0,
  'do 0', 'alter table subscriber add column ha1_sha256 varchar(64) null');
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'subscriber' and column_name = 'ha1b_sha256') > 0,
  'do 0', 'alter table subscriber add column ha1b_sha256 varchar(64) null');
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

-- Keys with which the nodes sign their nonces: the newest makes new ones, those before it are still good for a while.
create table if not exists silo_nonce_key (
  id     int unsigned not null auto_increment primary key,
  secret char(64) character set ascii collate ascii_bin not null, -- hex
  made   bigint not null,                            -- epoch seconds
  key silo_nonce_key_made_idx (made)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
