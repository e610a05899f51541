import type { Actor } from "../../shared/db/keys/audit.ts";
import { cancelJob as cancelInDatabase } from "../../shared/db/jobs/jobs.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { recordChanges } from "../../shared/jobs/record-changes.ts";
import { wake } from "../../shared/jobs/wake.ts";

/** End a job of the actor's that has not ended, tell the journal, and wake who waited for it. Else nothing happens. */
export async function cancelJob(
  id: string,
  actor: Actor,
  { db, tasks, journal }: Pick<Intake, "db" | "tasks" | "journal">,
): Promise<void> {
  const changes = await cancelInDatabase(db, id, actor, Date.now());
  recordChanges(journal, changes);
  await wake(tasks, changes.opened);
}
