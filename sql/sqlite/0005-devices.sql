-- drachtio-silo, schema step 5 for SQLite: who is owed what.
-- Safe to run again. All times are epoch seconds (UTC).

-- The cursor of one device, where every device gets every message (deliverTo = every): a device with an instance
-- (RFC 5626) is known, and owed what waits, from its first registration on until `until`. A device without one is known
-- while it is registered; it has a row only while its first message is in back-off.
create table if not exists silo_device (
  box         text not null,
  device      text not null,                         -- its +sip.instance, else its contact
  first_seen  integer not null,
  until       integer not null,                      -- not owed anything after this; 0: only while it is registered
  attempts    integer not null default 0,            -- of its first message
  strikes     integer not null default 0,            -- those of them that count towards the limit
  next_time   integer not null default 0,            -- next timed attempt; 0: waits for a registration
  last_status integer not null default 0,            -- SIP status of the last attempt
  primary key (box, device)
) without rowid;
create index if not exists silo_device_next_idx on silo_device (next_time);
create index if not exists silo_device_until_idx on silo_device (until);
