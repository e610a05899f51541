import { findArchivedLeaders } from "../db/archive/bring-back.ts";
import { releaseFollowers } from "../db/jobs/followers.ts";
import { announce } from "../jobs/announce.ts";
import type { Intake } from "../jobs/intake.ts";
import { bringBack } from "./whole.ts";

/** Each takes one call to R2. */
const LEADERS_AT_ONCE = 20;

/**
 * Give jobs that wait for the result of an archived job that result: bring the archived job back, and serve them. Until then they
 * wait. Maintenance does the same for jobs that a dead Worker left waiting.
 * @param followers the jobs that wait; null for any.
 * @returns how many jobs were brought back.
 */
export async function serveFromArchive(
  followers: readonly string[] | null,
  { db, media, journal, tasks }: Pick<Intake, "db" | "media" | "journal" | "tasks">,
  now: number,
): Promise<number> {
  const leaders = await findArchivedLeaders(db, followers, LEADERS_AT_ONCE);
  for (const leader of leaders) {
    // One that cannot be read must not keep the others waiting.
    await bringBack({ db, media }, leader, now).catch((error: unknown) => {
      journal.fault({ event: "archive.unreadable", jobId: leader.id, ownerId: leader.ownerId }, error);
    });
  }
  if (leaders.length === 0) return 0;
  const ids = leaders.map(({ id }) => id);
  await announce(await releaseFollowers(db, now, ids), { journal, tasks });
  return leaders.length;
}
