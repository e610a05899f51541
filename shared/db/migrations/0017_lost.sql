-- Losses that speak against the task: it was the only one its consumer ran, and was not waiting for anybody else.
-- `lost` counts all of them, and while it is above 0 the task runs alone.
ALTER TABLE tasks ADD COLUMN lost_alone INTEGER NOT NULL DEFAULT 0;
-- Whether a model or a webhook's receiver is to answer just now. Written for tasks lost before, and for no others.
ALTER TABLE tasks ADD COLUMN is_waiting INTEGER NOT NULL DEFAULT 0 CHECK (is_waiting IN (0, 1));

-- Objects of the inbox whose bytes are being read by somebody who may not come back. A row is deleted when the reading
-- ends, so one that is old tells whose fault it was.
CREATE TABLE readings (
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  began_at INTEGER, -- epoch milliseconds; null between two readings
  is_alone INTEGER NOT NULL CHECK (is_alone IN (0, 1)), -- whether no other object was being read beside it
  lost_alone INTEGER NOT NULL DEFAULT 0, -- readers that ended while they read this object alone
  PRIMARY KEY (bucket, key, etag)
) STRICT, WITHOUT ROWID;
