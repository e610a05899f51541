/**
 * A task that is due is looked at by maintenance from this long on. Nobody looks earlier, so that a backlog that waits its turn is
 * not read each minute: only what may be lost is.
 */
export const CHECK_AFTER_MS = 300_000;

/** SQL: the `check_at` of a task that is due at this time (SQL of our own). That of a running task is the end of its lease. */
export const checkAt = (dueAt: string) => `(${dueAt}) + ${CHECK_AFTER_MS}`;
