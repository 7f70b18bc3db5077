-- drachtio-silo, schema step 11 for MySQL 8 and MariaDB >= 10.6: how much waits in each box, for the lists of an operator.
-- Safe to run again, and quick however much waits: the rows are made by the nodes, aside, some hundred boxes at a time.

-- One row per box that holds mail, counted seconds after something came or went; nothing that accepts a message writes here.
create table if not exists silo_box (
  box      varchar(320) not null primary key,
  domain   varchar(255) not null,
  messages bigint not null,                          -- all that wait, those with a time to come, too
  first_id bigint unsigned not null,                 -- the first accepted of them; of those without a set time where there are such
  key silo_box_messages_idx (messages, box),
  key silo_box_first_idx (first_id),
  key silo_box_domain_idx (domain, box),
  key silo_box_domain_messages_idx (domain, messages, box),
  key silo_box_domain_first_idx (domain, first_id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- The sums of these rows, by domain and ('') of all together.
create table if not exists silo_box_total (
  domain   varchar(255) not null primary key,
  boxes    bigint not null,
  messages bigint not null,
  turn     bigint unsigned not null default 0,       -- of whoever counts: one node at a time
  counted  bigint not null default 0                 -- when all boxes had been counted last; in the row of all
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
