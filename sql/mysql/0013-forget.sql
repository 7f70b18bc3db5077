-- drachtio-silo, schema step 13 for MySQL 8 and MariaDB >= 10.6: of whom the nodes are to remember nothing any more, since a person was
-- erased. A row stands here for seconds only: until its node has done so, or has not for too long. Safe to run again.
create table if not exists silo_forget (
  aor  varchar(320) not null,
  node varchar(128) not null,
  at   bigint not null,                              -- epoch seconds: what a process that died has left goes
  primary key (node, aor),
  key silo_forget_aor_idx (aor),
  key silo_forget_at_idx (at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
