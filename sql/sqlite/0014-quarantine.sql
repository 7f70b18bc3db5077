-- drachtio-silo, schema step 14 for SQLite: a row, as long as no node may send from a box (`drachtio-silo quarantine begin`), after an old
-- backup was restored, say. It stands in the database, so that it holds for every node. Safe to run again.
create table if not exists silo_quarantine (
  id    integer primary key,  -- 1: there is one row, or none
  since integer not null      -- epoch seconds
);
