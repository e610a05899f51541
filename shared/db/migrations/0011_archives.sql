-- Old jobs leave the database (docs/decisions/archive.md): what a job consists of lies in an object of the bucket, and its row leads there.
ALTER TABLE jobs ADD COLUMN archive_id TEXT; -- the object; null for a job that is whole in this database
ALTER TABLE jobs ADD COLUMN archive_offset INTEGER;
ALTER TABLE jobs ADD COLUMN archive_bytes INTEGER;
ALTER TABLE jobs ADD COLUMN archive_secret TEXT; -- the key of its line alone: without it nobody can read the line
ALTER TABLE jobs ADD COLUMN archive_neurons REAL; -- what its attempts have cost, for lists
ALTER TABLE jobs ADD COLUMN kept_until INTEGER; -- it was brought back, and is not archived again before this time

CREATE TABLE archives (
  id TEXT PRIMARY KEY,
  jobs INTEGER NOT NULL DEFAULT 0, -- how many jobs lead to it
  empty_since INTEGER NOT NULL -- since when that is none; not used while there are any
) STRICT, WITHOUT ROWID;
CREATE INDEX archives_empty ON archives (empty_since) WHERE jobs = 0;
