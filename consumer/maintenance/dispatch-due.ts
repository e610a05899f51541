import { takeDueTasks } from "../../shared/db/jobs/maintenance.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";

/** The most that one run wakes. The next run, a minute later, continues. */
const LIMIT = 1000;

/** Wake consumers again for tasks that are due and not leased. `wakeGraceMs`: how long a message may take before it counts as lost. */
export async function dispatchDue(
  deps: Pick<Intake, "db" | "tasks" | "journal" | "callsAMinute"> & { readonly wakeGraceMs: number },
  now: number,
): Promise<number> {
  const due = await takeDueTasks(deps.db, {
    now,
    graceMs: deps.wakeGraceMs,
    limit: LIMIT,
    callsAMinute: deps.callsAMinute,
  });
  await announce({ ready: due }, deps, now);
  return due.length;
}
