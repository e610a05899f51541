-- Maintenance prunes many jobs in one transaction, and notes in one row what they leave in the bucket.

-- Jobs that were pruned and whose objects may not all be gone yet. Ids and keys only: nothing that a job said.
CREATE TABLE prunings (
  id TEXT PRIMARY KEY,
  pruned_at INTEGER NOT NULL,
  -- JSON of `PrunedJob` (shared/db/jobs/prunings.ts). `names` is null if the bucket must be listed to find the job's objects.
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

-- JSON of the names of what the job has stored at its first attempt, where its artifacts have left this database; null otherwise, and if
-- the bucket must be listed to find the job's objects.
ALTER TABLE jobs ADD COLUMN stored_names TEXT CHECK (json_valid(stored_names));

-- Whether the job is that of the object that it reads: its id then comes from the object, and finds it. An index of the other jobs saves
-- each upload a row. An earlier version writes 0, which is always right.
ALTER TABLE jobs ADD COLUMN is_of_source INTEGER NOT NULL DEFAULT 0;
DROP INDEX jobs_by_source;
CREATE INDEX jobs_by_source ON jobs (input ->> '$.source.key') WHERE input ->> '$.source.key' IS NOT NULL AND is_of_source = 0;

-- How long calls to a model took on a day, in one row: `{ bucket: calls }`. A row for each bucket was a row written for almost each job.
CREATE TABLE latency_days (
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  buckets TEXT NOT NULL CHECK (json_valid(buckets)),
  PRIMARY KEY (day, model)
) STRICT, WITHOUT ROWID;

-- Jobs of earlier versions may have stored more than their rows tell, and so may those that run while this migration spreads: the bucket is
-- listed for them. A new database has no such jobs.
INSERT INTO cursors (name, value)
SELECT 'listed_before', CAST((unixepoch() + 86400) * 1000 AS TEXT) WHERE EXISTS (SELECT 1 FROM jobs)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
