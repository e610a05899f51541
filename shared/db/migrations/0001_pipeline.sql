-- Times are epoch milliseconds. WITHOUT ROWID: every key is text, and a row then costs one write instead of two.

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  label TEXT NOT NULL,
  secret_hash TEXT NOT NULL, -- SHA-256 of the secret half, hexadecimal
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('transcription', 'image_generation', 'classification')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  input TEXT NOT NULL CHECK (json_valid(input)),
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finalized_at INTEGER,
  CONSTRAINT finalized_iff_terminal CHECK ((finalized_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled'))),
  CONSTRAINT error_iff_failed CHECK ((error_code IS NOT NULL) = (state = 'failed'))
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_owner ON jobs (owner_id, created_at, id);
CREATE INDEX jobs_finalized ON jobs (finalized_at) WHERE finalized_at IS NOT NULL;

-- Every object seen in the inbox, so that the same (bucket, key, etag) is one job however often it is announced.
-- Rows outlive their job: else a swept bucket would buy an old recording a second time.
CREATE TABLE uploads (
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  job_id TEXT,
  ignored_reason TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (bucket, key, etag),
  CONSTRAINT job_or_reason CHECK ((job_id IS NULL) = (ignored_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_owner ON uploads (owner_id, created_at);

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  -- Tasks of a job that may run side by side; a stage opens when every task of the earlier ones has ended.
  stage INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'available', 'running', 'retryable', 'completed', 'discarded', 'cancelled')
  ),
  args TEXT NOT NULL CHECK (json_valid(args)),
  attempt INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  scheduled_at INTEGER NOT NULL, -- not to be leased before
  -- When maintenance looks at it: not leased by then, its wake-up was lost; running, its lease has expired.
  check_at INTEGER NOT NULL,
  lease_id TEXT,
  leased_at INTEGER,
  created_at INTEGER NOT NULL,
  finalized_at INTEGER,
  CONSTRAINT leased_iff_running CHECK (
    (lease_id IS NOT NULL) = (state = 'running')
    AND (leased_at IS NOT NULL) = (state = 'running')
  ),
  CONSTRAINT finalized_iff_terminal CHECK ((finalized_at IS NOT NULL) = (state IN ('completed', 'discarded', 'cancelled'))),
  CONSTRAINT attempts_within_limit CHECK (attempt <= max_attempts)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_job ON tasks (job_id);
CREATE INDEX tasks_to_check ON tasks (check_at) WHERE finalized_at IS NULL;

-- Written when an attempt ends. A run that never ended is written as 'lost' by the rescue.
CREATE TABLE attempts (
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'retry', 'snooze', 'discard', 'lost', 'cancelled')),
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  model TEXT,
  engine TEXT,
  neurons REAL,
  error_code TEXT,
  error_message TEXT,
  PRIMARY KEY (task_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (job_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_labels (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (job_id, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_labels_by_label ON job_labels (label, job_id);

-- A task given up on, or (task_id IS NULL) a message that no consumer could make sense of, kept whole.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  task_id TEXT,
  job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
  queue TEXT NOT NULL,
  body TEXT,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  redriven_at INTEGER,
  CONSTRAINT task_or_message CHECK ((task_id IS NULL) = (body IS NOT NULL) AND (task_id IS NULL) = (job_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_by_owner ON dead_letters (owner_id, created_at, id);
CREATE INDEX dead_letters_by_job ON dead_letters (job_id);

-- How far a maintenance duty has come through something too large for one run.
CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
