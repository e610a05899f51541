import { stopJobs, tooLate } from "../../shared/db/jobs/stop-jobs.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { Task } from "../../shared/jobs/task.ts";

type DropDeps = Pick<Intake, "db" | "tasks" | "journal">;

/**
 * End the jobs of tasks whose time has run out. Never throws.
 * @returns the other tasks.
 */
export async function dropTooLate(tasks: readonly Task[], deps: DropDeps): Promise<readonly Task[]> {
  const late = new Set(tasks.filter((task) => task.isTooLate || isOverdue(task)));
  if (late.size > 0) await stop([...late], deps);
  return tasks.filter((task) => !late.has(task));
}

/** End the jobs of running tasks whose deadline has passed. Their leases end with them. Never throws. */
export async function stopOverdue(running: readonly Task[], deps: DropDeps): Promise<void> {
  const overdue = running.filter(isOverdue);
  if (overdue.length > 0) await stop(overdue, deps);
}

function isOverdue({ deadlineAt }: Task): boolean {
  return deadlineAt !== null && deadlineAt <= Date.now();
}

async function stop(late: readonly Task[], deps: DropDeps): Promise<void> {
  const stops = late.map((task) => tooLate(task.jobId, { isStarted: !task.isTooLate }));
  try {
    await announce(await retryTransient(() => stopJobs(deps.db, stops, Date.now())), deps);
  } catch (error) {
    // Maintenance ends them.
    deps.journal.fault({ event: "stop.failed" }, error, { jobs: stops.length });
  }
}
