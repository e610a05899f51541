-- What clients note down about jobs. The row itself carries it; job_marks is only for finding jobs by it, one row a tag
-- or pair, and none for jobs without. No foreign key: deleting by job would want an index, which is another write a mark.
ALTER TABLE jobs ADD COLUMN tags TEXT CHECK (json_valid(tags)); -- JSON array; null for none
ALTER TABLE jobs ADD COLUMN metadata TEXT CHECK (json_valid(metadata)); -- JSON object; null for none
CREATE TABLE job_marks (
  owner_id TEXT NOT NULL,
  mark TEXT NOT NULL, -- `tag:<tag>` or `metadata:<key>=<value>`
  created_at INTEGER NOT NULL, -- of the job: a page of a list is one walk along this key
  job_id TEXT NOT NULL,
  PRIMARY KEY (owner_id, mark, created_at, job_id)
) STRICT, WITHOUT ROWID;

-- Requests sent with an Idempotency-Key, and what was answered.
CREATE TABLE idempotency_keys (
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  operation TEXT NOT NULL, -- method and path
  request_hash TEXT NOT NULL,
  -- What the request makes takes its ids from this: run again after a crash, it finds what the first run made.
  seed TEXT NOT NULL,
  run_id TEXT NOT NULL, -- who is answering, or has answered
  run_at INTEGER NOT NULL,
  status INTEGER,
  headers TEXT CHECK (json_valid(headers)),
  body TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, key),
  CONSTRAINT answered_whole CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
