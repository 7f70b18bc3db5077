-- drachtio-silo, schema step 9 for MySQL 8 and MariaDB >= 10.6: bodies that are encrypted (SILO_BODY_KEY).
-- Safe to run again.

-- Whether body and kept headers of a row are encrypted, and by which key. Where it is set, `body` holds both (see
-- lib/stores/shared/body-keys.ts) and `extra_hdrs` is empty.
set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'silo' and column_name = 'seal') > 0,
  'do 0',
  'alter table silo add column seal varchar(32) character set ascii collate ascii_bin null
     comment ''id of the key by which the body is encrypted; null: it is not'''
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

set @silo_ddl = if(
  (select count(*) from information_schema.columns
    where table_schema = database() and table_name = 'silo_dead' and column_name = 'seal') > 0,
  'do 0',
  'alter table silo_dead add column seal varchar(32) character set ascii collate ascii_bin null
     comment ''id of the key by which the body is encrypted; null: it is not'''
);
prepare silo_statement from @silo_ddl;
execute silo_statement;
deallocate prepare silo_statement;

-- The keys that were ever used here to encrypt, by their ids, never the keys themselves. `proof` tells whether a key is the
-- same one: it can be read with that only.
create table if not exists silo_body_key (
  id    varchar(32) character set ascii collate ascii_bin not null primary key,
  proof varchar(255) character set ascii collate ascii_bin not null
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
