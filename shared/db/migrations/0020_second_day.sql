-- Jobs that were deleted and whose objects and vectors may not all be gone yet. Ids and keys only: nothing that a job said.
CREATE TABLE deletions (
  job_id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL, -- of the job
  reused_from TEXT, -- the job whose objects it shared
  passage_ids TEXT NOT NULL CHECK (json_valid(passage_ids)), -- vectors to delete
  source TEXT CHECK (json_valid(source)), -- the object to delete as well, `{ key, etag }`; null to leave it
  recorded_at INTEGER, -- when the job was described, if the bucket has a record of that; null if not
  is_asked INTEGER NOT NULL, -- somebody asked for it: a database that is set back must not bring the job back
  asked_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL, -- when maintenance deletes what is left
  -- Until then an attempt that was under way may still store something: what is left is deleted once more after it.
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deletions_due ON deletions (due_at);

-- Attempts of deleted jobs that have not said yet what they cost.
CREATE TABLE deleted_attempts (
  task_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  job_id TEXT NOT NULL REFERENCES deletions (job_id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY (task_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_attempts_by_job ON deleted_attempts (job_id);

-- Which jobs read an object: it may be deleted with the last of them.
CREATE INDEX jobs_by_source ON jobs (input ->> '$.source.key') WHERE input ->> '$.source.key' IS NOT NULL;

-- How many days the ended jobs of an owner are kept, where it is not RETENTION_DAYS.
CREATE TABLE retentions (
  owner_id TEXT PRIMARY KEY,
  days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 3650),
  set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A deleted passage leaves its words in the index of words until segments are merged, unless FTS5 is told otherwise.
INSERT INTO passages_fts (passages_fts, rank) VALUES ('secure-delete', 1);

-- Deliveries that belong to no job have no task: maintenance sends them. Null where nothing is to be sent any more.
ALTER TABLE webhook_deliveries ADD COLUMN next_attempt_at INTEGER;
ALTER TABLE webhook_deliveries ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What the operator has been alerted of and is not over yet.
CREATE TABLE incidents (
  alert TEXT NOT NULL,
  subject TEXT NOT NULL, -- of which queue, which budget; empty where there is one only
  id TEXT NOT NULL,
  since INTEGER NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)), -- the figures when it began
  PRIMARY KEY (alert, subject)
) STRICT, WITHOUT ROWID;

-- When the database was found to have been set back, and how far what is recorded in the bucket has been taken up again.
CREATE TABLE restores (
  found_at INTEGER PRIMARY KEY,
  went_back_to INTEGER NOT NULL,
  taken_up_to TEXT NOT NULL, -- the last object; empty for none yet
  done_at INTEGER
) STRICT, WITHOUT ROWID;

-- Of its arguments (shared/formats.ts): a version of the Worker that does not know it leaves the task to a newer one.
ALTER TABLE tasks ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
