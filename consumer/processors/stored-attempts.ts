import { type EarlierAttempt, findAccountedAttempts } from "../../shared/db/tasks/leases.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { resultsPrefix } from "../../shared/uploads/storage.ts";
import type { Task } from "../../shared/jobs/task.ts";

/**
 * Attempts of a task's job that have stored something, the latest first, whatever the database knows of them: it was set
 * back. One list of R2. The bucket says what each result has cost; what the database has of that is not counted again.
 */
export async function findStoredAttempts(
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
