-- Dead letters are grouped by what went wrong, closed with a note, and redriven many at a time.

ALTER TABLE dead_letters ADD COLUMN kind TEXT NOT NULL DEFAULT ''; -- of the task; the queue, for an unreadable message
ALTER TABLE dead_letters ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN message_pattern TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN discarded_at INTEGER;
ALTER TABLE dead_letters ADD COLUMN note TEXT;
-- Waiting for this redrive, or given another life by it. A letter that another holds cannot be claimed.
ALTER TABLE dead_letters ADD COLUMN redrive_id TEXT;

-- Messages are normalised in TypeScript alone: older letters are one group a kind and code.
UPDATE dead_letters SET kind = coalesce((SELECT kind FROM tasks WHERE tasks.id = dead_letters.task_id), queue);
UPDATE dead_letters SET fingerprint = kind || ':' || code || ':00000000', message_pattern = '(before messages were grouped)';

CREATE INDEX dead_letters_by_fingerprint ON dead_letters (owner_id, fingerprint, created_at, id);
CREATE INDEX dead_letters_by_task ON dead_letters (task_id, created_at);
CREATE INDEX dead_letters_by_redrive ON dead_letters (redrive_id, created_at) WHERE redrive_id IS NOT NULL;

CREATE TABLE redrives (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('canary', 'running', 'completed', 'cancelled', 'stopped')),
  filter TEXT NOT NULL CHECK (json_valid(filter)),
  max_letters INTEGER NOT NULL CHECK (max_letters > 0),
  rate_per_second INTEGER NOT NULL CHECK (rate_per_second > 0),
  -- The letter that goes first; null without a canary.
  canary_id TEXT,
  reason TEXT,
  matched INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0, -- given back unredriven when it was cancelled or stopped
  next_at INTEGER NOT NULL, -- the first moment that no letter has been given yet
  checked_at INTEGER NOT NULL DEFAULT 0, -- when maintenance last took it on: each in its turn
  created_at INTEGER NOT NULL,
  -- When the last letter's task ended. What became of them is counted then and kept: letters are pruned with their jobs.
  finalized_at INTEGER,
  redriven INTEGER,
  completed INTEGER,
  failed INTEGER,
  cancelled INTEGER,
  CONSTRAINT counted_iff_final CHECK ((finalized_at IS NOT NULL) = (redriven IS NOT NULL)),
  CONSTRAINT active_is_not_final CHECK (state NOT IN ('canary', 'running') OR finalized_at IS NULL),
  CONSTRAINT reason_iff_stopped CHECK ((reason IS NOT NULL) = (state = 'stopped'))
) STRICT, WITHOUT ROWID;
CREATE INDEX redrives_by_owner ON redrives (owner_id, created_at, id);
CREATE INDEX redrives_not_final ON redrives (checked_at) WHERE finalized_at IS NULL;

-- Who did what: one row an act, written with it.
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_owner ON audit (owner_id, created_at, id);
CREATE INDEX audit_by_subject ON audit (subject, created_at);
