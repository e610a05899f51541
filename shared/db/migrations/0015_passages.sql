-- What jobs say, cut into passages that can be found again by their words and by their meaning.
CREATE TABLE passages (
  -- Spelt out, because passages_fts refers to it: SQLite may renumber a rowid that has no name.
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE, -- `<job>:<source>:<n>`; in Vectorize too
  owner_id TEXT NOT NULL,
  owner TEXT AS (hex(owner_id)) VIRTUAL, -- one token, whatever an owner is called: each search reads its own owner's words
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  kind TEXT NOT NULL, -- of the job
  source TEXT NOT NULL CHECK (source IN ('transcript', 'prompt', 'text', 'labels', 'caption', 'summary')),
  text TEXT NOT NULL,
  start_ms INTEGER,
  end_ms INTEGER,
  -- Which model and engine made the vector: only those of one space can be compared.
  space TEXT NOT NULL,
  -- Float32, of length 1, as base64: D1 hands a BLOB over as an array of numbers, which takes six times as long to read.
  -- Null where the vectors are in Vectorize.
  vector TEXT,
  CONSTRAINT timed_whole CHECK ((start_ms IS NULL) = (end_ms IS NULL))
) STRICT;
CREATE INDEX passages_by_owner ON passages (owner_id, number);
CREATE INDEX passages_by_job ON passages (job_id);

CREATE VIRTUAL TABLE passages_fts USING fts5 (
  owner,
  text,
  content = 'passages',
  content_rowid = 'number',
  tokenize = 'porter unicode61 remove_diacritics 2'
);
-- A passage is written and deleted, never changed. Deleting a job deletes its passages, and fires the second of these.
CREATE TRIGGER passages_written AFTER INSERT ON passages BEGIN
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, new.text);
END;
CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text) VALUES ('delete', old.number, old.owner, old.text);
END;
