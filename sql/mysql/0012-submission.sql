-- drachtio-silo, schema step 12 for MySQL 8 and MariaDB >= 10.6: what programs have asked to be sent, by the names that they gave it
-- (idempotencyKey), so that what is asked for again is not sent again. Hashes only: no address, no text. Safe to run again.
create table if not exists silo_submission (
  name    char(64) character set ascii collate ascii_bin not null primary key, -- SHA-256 of the idempotencyKey
  content char(64) character set ascii collate ascii_bin not null,  -- of all that was asked: another content is a mistake
  owner   varchar(128) not null,                                    -- the process that works on it
  since   bigint not null,                                          -- epoch seconds
  outcome varchar(16) character set ascii collate ascii_bin not null default '', -- '': not known yet
  row_id  bigint unsigned not null default 0,                       -- of the message in silo, 0: it was delivered at once
  key silo_submission_since_idx (since)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
