-- Lists and figures read few rows, however many jobs there are. The indexes are partial where that costs fewer written rows.

-- Jobs of one owner in a state that few jobs have. A job without a failure writes two rows more: when it is queued, and when it starts.
CREATE INDEX jobs_by_state ON jobs (owner_id, state, created_at, id) WHERE state <> 'completed';

-- A label is found within its owner, in the order of the list. An index of the same size takes the place of the earlier one.
ALTER TABLE job_labels ADD COLUMN owner_id TEXT; -- of the job
ALTER TABLE job_labels ADD COLUMN created_at INTEGER; -- of the job
UPDATE job_labels SET (owner_id, created_at) = (SELECT j.owner_id, j.created_at FROM jobs j WHERE j.id = job_labels.job_id);
DROP INDEX job_labels_by_label;
CREATE INDEX job_labels_by_owner ON job_labels (owner_id, label, created_at, job_id);
-- An earlier version of the Worker does not write these columns.
CREATE TRIGGER job_labels_owned AFTER INSERT ON job_labels WHEN new.owner_id IS NULL BEGIN
  UPDATE job_labels SET (owner_id, created_at) = (SELECT j.owner_id, j.created_at FROM jobs j WHERE j.id = new.job_id)
   WHERE job_id = new.job_id AND label = new.label;
END;

-- Dead letters by their state. Few tasks have one.
ALTER TABLE dead_letters ADD COLUMN state TEXT AS (
  CASE WHEN redriven_at IS NOT NULL THEN 'redriven' WHEN discarded_at IS NOT NULL THEN 'discarded' ELSE 'open' END
) VIRTUAL;
CREATE INDEX dead_letters_by_state ON dead_letters (owner_id, state, created_at, id);
CREATE INDEX dead_letters_open ON dead_letters (kind) WHERE redriven_at IS NULL AND discarded_at IS NULL;
CREATE INDEX dead_letters_by_state_and_fingerprint ON dead_letters (owner_id, state, fingerprint, created_at, id);

-- What a retryable task waits for, if a budget or the account's allocation is used up: the code of its last attempt.
ALTER TABLE tasks ADD COLUMN held_by TEXT;
UPDATE tasks SET held_by = (SELECT a.error_code FROM attempts a
                             WHERE a.task_id = tasks.id AND a.number = tasks.attempt AND a.outcome = 'snooze'
                               AND a.error_code IN ('budget_used', 'daily_allocation_used'))
 WHERE finalized_at IS NULL AND state = 'retryable';
CREATE INDEX tasks_held ON tasks (held_by, owner_id, check_at) WHERE held_by IS NOT NULL AND state = 'retryable';
