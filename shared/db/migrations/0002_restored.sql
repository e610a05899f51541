-- What a database that was set back to an earlier moment learns from the bucket (docs/operations.md). Both tables are empty
-- where that never happened, and a month after it.

-- Jobs that were deleted since. An object that was stored before its job was deleted does not become that job again.
CREATE TABLE tombstones (
  job_id TEXT PRIMARY KEY,
  deleted_at INTEGER NOT NULL,
  taken_up_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Jobs that took over the result of another since. One that is queued gets that result again, whether the other is there or not.
CREATE TABLE reuses (
  job_id TEXT PRIMARY KEY,
  reused_from TEXT NOT NULL,
  artifacts TEXT NOT NULL CHECK (json_valid(artifacts)), -- `[{ name, key, contentType, sizeBytes, etag }]`
  labels TEXT NOT NULL CHECK (json_valid(labels)), -- `[{ label, score }]`
  saved_neurons REAL,
  ended_at INTEGER NOT NULL,
  taken_up_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reuses_by_original ON reuses (reused_from);

-- Finds the jobs whose reuse the bucket has no record of yet.
CREATE INDEX jobs_reused_by_end ON jobs (finalized_at) WHERE reused_from IS NOT NULL;

-- Nobody asked for the deletion, its time was over. But a database that is set back may not know that the job had ended.
ALTER TABLE deletions ADD COLUMN may_return INTEGER NOT NULL DEFAULT 0;
