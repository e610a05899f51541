-- Maintenance prunes many jobs in one transaction, and notes in one row what they leave in the bucket.

-- Jobs that were pruned and whose objects may not all be gone yet. Ids and keys only: nothing that a job said.
CREATE TABLE prunings (
  id TEXT PRIMARY KEY,
  pruned_at INTEGER NOT NULL,
  -- JSON of `PrunedJob` (shared/db/jobs/prunings.ts). `keys` is null if the bucket must be listed to find the job's objects.
  jobs TEXT NOT NULL CHECK (json_valid(jobs))
) STRICT, WITHOUT ROWID;

-- Jobs whose transcript somebody has begun to edit. The object of a version is stored before its row is, so the bucket may hold one
-- that no row names. No foreign key: a job may leave `jobs` and still have its objects.
CREATE TABLE edited_jobs (
  job_id TEXT PRIMARY KEY,
  begun_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Finds the redrives that a canary stopped: their reason goes with the canary's job.
CREATE INDEX redrives_stopped ON redrives (canary_id) WHERE state = 'stopped';
