-- drachtio-silo, schema step 6 for MySQL 8 and MariaDB >= 10.6: no statement that runs often goes through a whole table.
-- Safe to run again. MySQL has no "add key if not exists", so each statement is made only when its key is missing.

-- Dead letters that were kept long enough.
set @silo_ddl = if(
  (select count(*) from information_schema.statistics
    where table_schema = database() and table_name = 'silo_dead' and index_name = 'silo_dead_end_idx') > 0,
  'do 0',
  'alter table silo_dead add key silo_dead_end_idx (end_time)'
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

-- Leases by their end: those of dead nodes.
set @silo_ddl = if(
  (select count(*) from information_schema.statistics
    where table_schema = database() and table_name = 'silo_lease' and index_name = 'silo_lease_ends_idx') > 0,
  'do 0',
  'alter table silo_lease add key silo_lease_ends_idx (ends)'
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

-- Reminders of all boxes, by time.
set @silo_ddl = if(
  (select count(*) from information_schema.statistics
    where table_schema = database() and table_name = 'silo' and index_name = 'silo_snd_idx') > 0,
  'do 0',
  'alter table silo add key silo_snd_idx (snd_time)'
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;
