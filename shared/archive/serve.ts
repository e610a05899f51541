import { findArchivedLeaders, findLeadersOf } from "../db/archive/bring-back.ts";
import { readLeaders, releaseFollowers } from "../db/jobs/followers.ts";
import { readCursor, writeCursor } from "../db/jobs/maintenance.ts";
import { announce } from "../jobs/announce.ts";
import type { Intake } from "../jobs/intake.ts";
import { bringBack } from "./whole.ts";

type ServeDeps = Pick<Intake, "db" | "media" | "journal" | "tasks">;

/** Each takes one call to R2. */
const LEADERS_AT_ONCE = 20;

/** How many jobs that are followed maintenance looks at in one run. */
const LOOKED_AT = 500;

/** The cursor's name: the last leader that maintenance looked at. */
const CURSOR = "archived_leaders_seen";

/**
 * Give jobs that wait for the result of an archived job that result: bring the archived job back, and serve them. Until then they
 * wait, and maintenance does the rest.
 */
export async function serveFromArchive(followers: readonly string[], deps: ServeDeps, now: number): Promise<void> {
  const leaders = await findLeadersOf(deps.db, followers);
  await serve(leaders.slice(0, LEADERS_AT_ONCE), deps, now);
}

/** Do the same for jobs that a dead Worker left waiting, and for those that were too many at once. Each call looks at the next leaders. */
export async function serveForgotten(deps: ServeDeps, now: number): Promise<void> {
  const after = await readCursor(deps.db, CURSOR);
  const looked = await readLeaders(deps.db, after, LOOKED_AT);
  const archived = await findArchivedLeaders(deps.db, looked);
  const leaders = archived.slice(0, LEADERS_AT_ONCE);
  await serve(leaders, deps, now);
  const last = leaders.length < archived.length ? leaders.at(-1)?.id : looked.at(-1);
  const isRoundOver = looked.length < LOOKED_AT && leaders.length === archived.length;
  const next = isRoundOver ? null : (last ?? null);
  if (next !== after) await writeCursor(deps.db, CURSOR, next);
}

async function serve(
  leaders: readonly { readonly id: string; readonly ownerId: string }[],
  { db, media, journal, tasks }: ServeDeps,
  now: number,
): Promise<void> {
  if (leaders.length === 0) return;
  for (const leader of leaders) {
    // One that cannot be read must not keep the others waiting.
    await bringBack({ db, media }, leader, now).catch((error: unknown) => {
      journal.fault({ event: "archive.unreadable", jobId: leader.id, ownerId: leader.ownerId }, error);
    });
  }
  const ids = leaders.map(({ id }) => id);
  await announce(await releaseFollowers(db, now, ids), { journal, tasks });
}
