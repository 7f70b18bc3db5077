-- drachtio-silo, schema step 10 for MySQL 8 and MariaDB >= 10.6: whose messages wait, so that one sender can't fill a box or a
-- domain alone. Safe to run again. MySQL has no "add column if not exists", so the statement is made only when it is missing.
set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'silo' and column_name = 'sender') > 0,
  'do 0',
  'alter table silo
     add column sender char(16) character set ascii collate ascii_bin null
       comment ''a hash of the AoR in src_addr; null: counts for nobody'',
     add key silo_sender_idx (domain, sender, kind, id, size)'
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;
