-- How many neurons an owner (* is the whole account) may spend in a day or month, UTC. What has been spent is in usage_days.
CREATE TABLE budgets (
  owner_id TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('day', 'month')),
  neurons REAL NOT NULL CHECK (neurons > 0),
  lets_high_through INTEGER NOT NULL CHECK (lets_high_through IN (0, 1)),
  told_owner_id TEXT NOT NULL, -- whose webhook endpoints hear of it
  -- The period (its first day since the epoch) in which these were told, and when: once a period each.
  warned_in INTEGER,
  warned_at INTEGER,
  exhausted_in INTEGER,
  exhausted_at INTEGER,
  PRIMARY KEY (owner_id, period)
) STRICT, WITHOUT ROWID;

-- Neurons set aside before a call, until its attempt settles; the answer's own figure then stands instead.
CREATE TABLE reservations (
  owner_id TEXT NOT NULL,
  task_id TEXT NOT NULL, -- of a call that a request makes itself, an id of its own
  attempt INTEGER NOT NULL,
  number INTEGER NOT NULL, -- of the call within its attempt
  job_id TEXT, -- null for a request's own call
  kind TEXT NOT NULL, -- as in usage_days
  neurons REAL NOT NULL,
  call TEXT NOT NULL CHECK (json_valid(call)), -- what stands in the attempt if nobody ever tells what became of it
  made_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, task_id, attempt, number)
) STRICT, WITHOUT ROWID;

-- Tasks to let go early, since what held them was changed: those of an owner (* is everybody) whose last attempt failed with
-- this code. In force for a while, as attempts under way may still be refused by what was.
CREATE TABLE releases (
  code TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (code, owner_id)
) STRICT, WITHOUT ROWID;

-- While the platform refuses the whole account, no task with a model is leased. At most one row.
CREATE TABLE holds (
  name TEXT PRIMARY KEY CHECK (name = 'account'),
  code TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE jobs ADD COLUMN max_neurons REAL CHECK (max_neurons > 0); -- null for no limit of its own
