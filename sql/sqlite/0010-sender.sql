-- drachtio-silo, schema step 10 for SQLite: whose messages wait, so that one sender can't fill a box or a domain alone.
-- `sender` is a hash of the AoR in src_addr; null: counts for nobody.
alter table silo add column sender text;
create index if not exists silo_sender_idx on silo (domain, sender, kind, id, size);
