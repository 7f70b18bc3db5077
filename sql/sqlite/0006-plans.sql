-- drachtio-silo, schema step 6 for SQLite: no statement that runs often goes through a whole table.
-- Safe to run again.

-- Dead letters that were kept long enough; leases by owner (renewed together) and by end (those of dead nodes).
create index if not exists silo_dead_end_idx on silo_dead (end_time);
create index if not exists silo_lease_owner_idx on silo_lease (owner);
create index if not exists silo_lease_ends_idx on silo_lease (ends);

-- Reminders of all boxes, by time. Messages without a time are not in it.
create index if not exists silo_snd_idx on silo (snd_time) where snd_time > 0;
