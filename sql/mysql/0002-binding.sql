-- drachtio-silo, schema step 2 for MySQL 8 and MariaDB >= 10.6: bindings of the built-in registrar.
-- Safe to run again. All times are epoch seconds (UTC).

-- One contact of one registered device. `contact_key` is a hash of the contact URI, which may be
-- longer than an index allows.
create table if not exists binding (
  aor           varchar(320) not null,
  contact_key   char(64) character set ascii collate ascii_bin not null,
  contact       varchar(2048) not null,
  expires       bigint not null,
  q             decimal(4,3) not null default 1,
  instance      varchar(255) null,                  -- +sip.instance (RFC 5626)
  reg_id        int null,
  callid        varchar(512) not null default '',
  cseq          bigint not null default 0,
  path          text null,                          -- Path entries (RFC 3327), one a line
  source        varchar(320) not null default '',   -- protocol:address:port the REGISTER came from
  server        varchar(255) not null default '',   -- SIP addresses of the drachtio-server that has its connection
  takes_message tinyint not null default 1,         -- by Allow and `methods`
  user_agent    varchar(255) not null default '',
  updated       bigint not null default 0,
  primary key (aor, contact_key),
  key binding_expires_idx (expires)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
