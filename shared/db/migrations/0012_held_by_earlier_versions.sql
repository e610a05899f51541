-- An earlier version of the Worker, while a deployment spreads and after a rollback, does not write `held_by`. Without it a raised budget does
-- not release the task, which then waits for the reset: up to a month.
CREATE TRIGGER attempts_held AFTER INSERT ON attempts
WHEN new.outcome = 'snooze' AND new.error_code IN ('budget_used', 'daily_allocation_used')
BEGIN
  UPDATE tasks SET held_by = new.error_code WHERE id = new.task_id AND state = 'running' AND held_by IS NOT new.error_code;
END;
