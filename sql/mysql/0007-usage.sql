-- drachtio-silo, schema step 7 for MySQL 8 and MariaDB >= 10.6: how much waits in a domain that has a limit.
-- Safe to run again.

-- What waits in a domain = `messages` and `bytes` here, and all of its rows in `silo_usage_change`. Made when a message for
-- a domain with a limit is accepted, gone an hour after the last one. What other programs insert into `silo` or delete there
-- is not in it until the rows are counted again, which is done every ten seconds while messages come.
create table if not exists silo_usage (
  domain   varchar(255) not null primary key,
  messages bigint not null,
  bytes    bigint not null,
  counted  bigint not null                           -- when its rows were counted, by the clock of the database; in the future: they
                                                     -- are being counted
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- What has come and gone since: rows that are only added, so that nobody waits for a lock, and that are summed up into
-- `silo_usage` when there are some hundreds.
create table if not exists silo_usage_change (
  id       bigint unsigned not null auto_increment primary key,
  domain   varchar(255) not null,
  messages bigint not null,
  bytes    bigint not null,
  key silo_usage_change_domain_idx (domain, messages, bytes)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
