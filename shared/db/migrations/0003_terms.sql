-- On what terms a job runs: how urgent it is, until when it is wanted, and whether an earlier result will do.
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 1; -- 0 high, 1 normal, 2 low
ALTER TABLE jobs ADD COLUMN start_by INTEGER;
ALTER TABLE jobs ADD COLUMN deadline_at INTEGER;
-- Two jobs of one owner and fingerprint have the same result.
ALTER TABLE jobs ADD COLUMN fingerprint TEXT;
-- A queued job that waits for an identical one, to take its result over.
ALTER TABLE jobs ADD COLUMN follows TEXT;
-- Whose result this is, and what it did not cost again.
ALTER TABLE jobs ADD COLUMN reused_from TEXT;
ALTER TABLE jobs ADD COLUMN saved_neurons REAL;
CREATE INDEX jobs_by_fingerprint ON jobs (owner_id, fingerprint);
CREATE INDEX jobs_following ON jobs (follows) WHERE follows IS NOT NULL;
CREATE INDEX jobs_reusing ON jobs (reused_from) WHERE reused_from IS NOT NULL;
CREATE INDEX jobs_to_start ON jobs (start_by) WHERE start_by IS NOT NULL AND started_at IS NULL AND finalized_at IS NULL;
CREATE INDEX jobs_to_end ON jobs (deadline_at) WHERE deadline_at IS NOT NULL AND finalized_at IS NULL;

ALTER TABLE tasks ADD COLUMN owner_id TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tasks ADD COLUMN model TEXT; -- which the task asks first; null if none
ALTER TABLE tasks ADD COLUMN lost INTEGER NOT NULL DEFAULT 0; -- attempts whose consumer died
UPDATE tasks SET owner_id = (SELECT owner_id FROM jobs WHERE jobs.id = tasks.job_id);
-- Tasks of one lane are alike to the choice of what runs next: same kind, same model, same owner.
ALTER TABLE tasks ADD COLUMN lane TEXT AS (kind || ' ' || coalesce(model, '-') || ' ' || owner_id) VIRTUAL;
CREATE INDEX tasks_due ON tasks (lane, priority, scheduled_at) WHERE state IN ('available', 'retryable');

-- Calls to a model in a minute, so that the platform's limit is kept.
CREATE TABLE model_minutes (
  model TEXT PRIMARY KEY,
  minute INTEGER NOT NULL, -- since the epoch
  calls INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
