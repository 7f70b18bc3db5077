-- drachtio-silo, schema step 11 for SQLite: how much waits in each box, for the lists of an operator.
-- Safe to run again, and quick however much waits: the rows are made by the application, aside, some hundred boxes at a time.

-- One row per box that holds mail, counted seconds after something came or went; nothing that accepts a message writes here.
create table if not exists silo_box (
  box      text primary key,
  domain   text not null,
  messages integer not null,                         -- all that wait, those with a time to come, too
  first_id integer not null                          -- the first accepted of them; of those without a set time where there are such
) without rowid;
create index if not exists silo_box_messages_idx on silo_box (messages, box);
create index if not exists silo_box_first_idx on silo_box (first_id);
create index if not exists silo_box_domain_idx on silo_box (domain, box);
create index if not exists silo_box_domain_messages_idx on silo_box (domain, messages, box);
create index if not exists silo_box_domain_first_idx on silo_box (domain, first_id);

-- The sums of these rows, by domain and ('') of all together.
create table if not exists silo_box_total (
  domain   text primary key,
  boxes    integer not null,
  messages integer not null,
  counted  integer not null default 0                -- when all boxes had been counted last; in the row of all
) without rowid;
