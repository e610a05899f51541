-- What people have made of a job's transcript: each version whole, beside the original, which stays as it is. No foreign key:
-- after a restore the versions may be known again before their job is.
CREATE TABLE transcript_versions (
  job_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0), -- 0 is the original
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL, -- of the whole transcript in the bucket
  etag TEXT NOT NULL, -- the name of the version for clients, without quotes
  original_etag TEXT NOT NULL, -- of the transcript.json that it goes back to: a redrive may write another
  request_hash TEXT NOT NULL, -- of the version that was edited and what was asked: the same again makes no other version
  key_id TEXT, -- the API key that made it
  operations INTEGER NOT NULL,
  reverted_to INTEGER, -- the version that it is like; null for an edit
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, version)
) STRICT, WITHOUT ROWID;

-- An edit changes the words of a passage, which keeps its place and its vector.
CREATE TRIGGER passages_changed AFTER UPDATE OF text ON passages BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text) VALUES ('delete', old.number, old.owner, old.text);
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, new.text);
END;

-- Every finished job has passages for its words; only those with a vector are read by their owner.
DROP INDEX passages_by_owner;
CREATE INDEX passages_with_vector ON passages (owner_id, number) WHERE vector IS NOT NULL;
