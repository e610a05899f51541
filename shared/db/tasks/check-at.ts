/**
 * Maintenance looks at a task this long after it is due, and not earlier. So it reads only tasks whose wake-up may be lost, and
 * not each minute a backlog that waits for its turn.
 */
export const CHECK_AFTER_MS = 300_000;

/** SQL: the `check_at` of a task that is due at this time (SQL of our own). For a running task it is the end of its lease. */
export const checkAt = (dueAt: string) => `(${dueAt}) + ${CHECK_AFTER_MS}`;
