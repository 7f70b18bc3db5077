-- drachtio-silo, schema step 7 for SQLite: how much waits in each domain, and how messages have ended, without counting.
-- Safe to run again. The triggers see what other programs do, too. They insert only what is not there, since the conflict
-- clause of whoever sets a trigger off goes for the statements in it as well.

create table if not exists silo_usage (
  domain   text primary key,
  messages integer not null,
  bytes    integer not null
) without rowid;

create trigger if not exists silo_usage_insert after insert on silo begin
  insert into silo_usage (domain, messages, bytes)
    select new.domain, 0, 0 where not exists (select 1 from silo_usage where domain = new.domain);
  update silo_usage set messages = messages + 1, bytes = bytes + new.size where domain = new.domain;
end;

create trigger if not exists silo_usage_update after update of domain, size on silo
when old.domain <> new.domain or old.size <> new.size begin
  update silo_usage set messages = messages - 1, bytes = bytes - old.size where domain = old.domain;
  insert into silo_usage (domain, messages, bytes)
    select new.domain, 0, 0 where not exists (select 1 from silo_usage where domain = new.domain);
  update silo_usage set messages = messages + 1, bytes = bytes + new.size where domain = new.domain;
  delete from silo_usage where domain = old.domain and messages = 0;
end;

create trigger if not exists silo_usage_delete after delete on silo begin
  update silo_usage set messages = messages - 1, bytes = bytes - old.size where domain = old.domain;
  delete from silo_usage where domain = old.domain and messages = 0;
end;

-- A row for each outcome, and one ('') for what waits.
create table if not exists silo_outcome (
  outcome text primary key,
  n       integer not null
) without rowid;

create trigger if not exists silo_outcome_insert after insert on silo_ledger begin
  insert into silo_outcome (outcome, n)
    select new.outcome, 0 where not exists (select 1 from silo_outcome where outcome = new.outcome);
  update silo_outcome set n = n + 1 where outcome = new.outcome;
end;

create trigger if not exists silo_outcome_update after update of outcome on silo_ledger
when old.outcome <> new.outcome begin
  update silo_outcome set n = n - 1 where outcome = old.outcome;
  insert into silo_outcome (outcome, n)
    select new.outcome, 0 where not exists (select 1 from silo_outcome where outcome = new.outcome);
  update silo_outcome set n = n + 1 where outcome = new.outcome;
end;

create trigger if not exists silo_outcome_delete after delete on silo_ledger begin
  update silo_outcome set n = n - 1 where outcome = old.outcome;
end;

-- What is there already.
delete from silo_usage;
insert into silo_usage (domain, messages, bytes) select domain, count(*), sum(size) from silo group by domain;
delete from silo_outcome;
insert into silo_outcome (outcome, n) select outcome, count(*) from silo_ledger group by outcome;
