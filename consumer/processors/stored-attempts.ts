import { type EarlierAttempt, findAccountedAttempts, findEarlierAttempts } from "../../shared/db/tasks/leases.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { resultsPrefix } from "../../shared/uploads/storage.ts";
import type { Task } from "../../shared/jobs/task.ts";

/** Find this task's attempts that may have stored a result without completing, the latest first. */
export async function findStoringAttempts(
  task: Task,
  deps: { db: D1Database; media: R2Bucket },
): Promise<readonly EarlierAttempt[]> {
  if (task.mayBeStored) return findStoredAttempts(task, deps);
  return task.attempt === 1 ? [] : findEarlierAttempts(deps.db, task.id);
}

/**
 * Find the attempts of a task's job that have stored something, the latest first. The database was set back and may not know
 * them, so R2 is listed once. The bucket says what each result cost; a cost that the database has is not counted again.
 */
async function findStoredAttempts(
  task: Pick<Task, "id" | "jobId" | "editedAfter">,
  { db, media }: { db: D1Database; media: R2Bucket },
): Promise<readonly EarlierAttempt[]> {
  const prefix = resultsPrefix(task.jobId);
  const { delimitedPrefixes } = await patiently(() => media.list({ prefix, delimiter: "/" }));
  const numbers = delimitedPrefixes
    .map((folder) => Number(folder.slice(prefix.length, -1)))
    .filter((number) => number > task.editedAfter)
    .toSorted((a, b) => b - a);
  if (numbers.length === 0) return [];
  const accounted = await findAccountedAttempts(db, task.id);
  return numbers.map((number) => ({ number, isAccounted: accounted.has(number) }));
}
