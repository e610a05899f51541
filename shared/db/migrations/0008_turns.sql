-- A lease walks lanes, so a lane must hold only tasks that may run. Tasks that wait between two attempts are in a lane of their own ('d',
-- delayed), and become `available` when they are due. So is the first task of an owner for whom nothing waited ('n', newcomer): it must
-- not wait for the turns of all others. An earlier version reads these lanes as it reads any other.
DROP INDEX tasks_due;
ALTER TABLE tasks DROP COLUMN lane;
ALTER TABLE tasks ADD COLUMN is_newcomer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN lane TEXT AS (
  kind || ' ' || coalesce(model, '-') || ' ' || CASE WHEN state = 'retryable' THEN 'd' WHEN is_newcomer = 1 THEN 'n' ELSE 'o' || owner_id END
) VIRTUAL;
CREATE INDEX tasks_due ON tasks (lane, priority, scheduled_at) WHERE state IN ('available', 'retryable');
-- By state, so that what looks for running tasks, or for delayed ones, does not read a backlog.
DROP INDEX tasks_to_check;
CREATE INDEX tasks_to_check ON tasks (state, check_at) WHERE finalized_at IS NULL;
-- The owner who had the last turn, while this model's calls are used up in each minute. Null while its owners take their turns with all
-- others (the cursor 'turns').
ALTER TABLE model_minutes ADD COLUMN turn TEXT;
-- Until then messages are on their way for as many tasks as the model may be asked: the next message comes after that.
ALTER TABLE model_minutes ADD COLUMN woken_until REAL;
