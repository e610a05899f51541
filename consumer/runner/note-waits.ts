import type { ModelRunner } from "../../shared/models/run-model.ts";
import { noteWaiting } from "../../shared/db/tasks/leases.ts";
import type { Task } from "../../shared/jobs/task.ts";

/** Runs a function that waits for an answer from outside. */
export type Waits = <T>(wait: () => Promise<T>) => Promise<T>;

/**
 * If a task was lost before, record in D1 that it waits for a model or a receiver. A consumer that ends during such a wait was
 * ended by something else, and the task is not blamed. A wait takes two round trips; the waits of other tasks take none.
 */
export function noteWaits(db: D1Database, task: Task): Waits {
  if (task.lost === 0) return (wait) => wait();
  // If this fails, the task is only blamed for a loss that it may not have caused.
  const note = (isWaiting: boolean) => noteWaiting(db, task, isWaiting).catch(() => undefined);
  let waiting = 0;
  return async (wait) => {
    waiting += 1;
    if (waiting === 1) await note(true);
    try {
      return await wait();
    } finally {
      waiting -= 1;
      if (waiting === 0) await note(false);
    }
  };
}

/** Return a runner whose calls are recorded as waits. */
export function withWaits(models: ModelRunner, waits: Waits): ModelRunner {
  return { run: (model, inputs, expected) => waits(() => models.run(model, inputs, expected)) };
}
