-- drachtio-silo, schema step 5 for MySQL 8 and MariaDB >= 10.6: who is owed what, and who waits for whom.
-- Safe to run again. All times are epoch seconds (UTC).

-- The cursor of one device, where every device gets every message (deliverTo = every): a device with an instance
-- (RFC 5626) is known, and owed what waits, from its first registration on until `until`. A device without one is known
-- while it is registered; it has a row only while its first message is in back-off.
create table if not exists silo_device (
  box         varchar(320) not null,
  device_key  char(64) character set ascii collate ascii_bin not null, -- hash of the device: it may be long
  device      varchar(2048) not null,                -- its +sip.instance, else its contact
  first_seen  bigint not null,
  until       bigint not null,                       -- not owed anything after this; 0: only while it is registered
  attempts    int not null default 0,                -- of its first message
  strikes     int not null default 0,                -- those of them that count towards the limit
  next_time   bigint not null default 0,             -- next timed attempt; 0: waits for a registration
  last_status int not null default 0,                -- SIP status of the last attempt
  primary key (box, device_key),
  key silo_device_next_idx (next_time),
  key silo_device_until_idx (until)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- Turns of those who count a box (`user@host`) or a domain (`@host`) before they add to it: quotas hold on all nodes
-- together. A counter that rises, so that two nodes of a Galera cluster can't both have the same turn.
create table if not exists silo_turn (
  name varchar(320) not null primary key,
  turn bigint unsigned not null default 0,
  at   bigint not null,
  key silo_turn_at_idx (at)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
