import type { Actor } from "../../shared/db/keys/audit.ts";
import { cancelJob as cancelInDatabase } from "../../shared/db/jobs/jobs.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";

/** Cancel a job of the actor's owner that has not ended. A job that waited for its result then runs itself. */
export async function cancelJob(
  id: string,
  actor: Actor,
  deps: Pick<Intake, "db" | "tasks" | "journal">,
): Promise<void> {
  await announce(await cancelInDatabase(deps.db, id, actor, Date.now()), deps);
}
