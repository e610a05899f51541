-- Losses that speak against the task: it was the only one its consumer ran, and was not waiting for anybody else.
-- `lost` counts all of them, and while it is above 0 the task runs alone.
ALTER TABLE tasks ADD COLUMN lost_alone INTEGER NOT NULL DEFAULT 0;
-- Whether a model or a webhook's receiver is to answer just now. Written for tasks lost before, and for no others.
ALTER TABLE tasks ADD COLUMN is_waiting INTEGER NOT NULL DEFAULT 0 CHECK (is_waiting IN (0, 1));

-- Objects of the inbox that somebody reads who may not come back. A row is deleted when its reading ends: one that stays
-- tells that a reader ended while it read the object.
CREATE TABLE readings (
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  began_at INTEGER NOT NULL, -- epoch milliseconds
  lost INTEGER NOT NULL DEFAULT 0, -- readers that ended; all but the first read this object alone
  PRIMARY KEY (bucket, key, etag)
) STRICT, WITHOUT ROWID;
