-- drachtio-silo, schema step 14 for MySQL 8 and MariaDB >= 10.6: a row, as long as no node may send from a box (`drachtio-silo quarantine begin`),
-- after an old backup was restored, say. It stands in the database, so that it holds for every node. Safe to run again.
create table if not exists silo_quarantine (
  id    tinyint not null primary key,  -- 1: there is one row, or none
  since bigint not null                -- epoch seconds
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
