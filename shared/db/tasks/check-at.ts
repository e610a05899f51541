/**
 * Maintenance looks at a task this long after it is due, and not earlier. So it reads only tasks whose wake-up may be lost, and
 * not each minute a backlog that waits for its turn.
 */
export const CHECK_AFTER_MS = 300_000;

/** SQL: the `check_at` of a task that is due at this time (SQL of our own). For a running task it is the end of its lease. */
export const checkAt = (dueAt: string) => `(${dueAt}) + ${CHECK_AFTER_MS}`;

/**
 * SQL: the ids of tasks that wait, those to be looked at first before others, at most `limit`. The index is walked in its order,
 * once for each state, and no further than needed. `condition` is about the task `t`; the arguments are SQL of our own.
 */
export const firstToCheck = (condition: string, limit: string) => {
  const ofState = (state: string) =>
    `SELECT id, check_at FROM (SELECT t.id, t.check_at FROM tasks t INDEXED BY tasks_to_check
                                WHERE t.finalized_at IS NULL AND t.state = '${state}' AND ${condition} ORDER BY t.check_at LIMIT ${limit} + 0)`;
  return `SELECT id FROM (${ofState("available")} UNION ALL ${ofState("retryable")}) ORDER BY check_at LIMIT ${limit} + 0`;
};
