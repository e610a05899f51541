import { bringBack } from "../../shared/archive/whole.ts";
import type { Actor } from "../../shared/db/keys/audit.ts";
import { beginDeletions, findLeftover, type Leftover, readStanding } from "../../shared/db/jobs/deletions.ts";
import { releaseFollowers } from "../../shared/db/jobs/followers.ts";
import { deleteLeftovers, type SourceFate } from "../../shared/jobs/delete-jobs.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { PassageIndex } from "../../shared/search/passage.ts";

export interface DeletedJob {
  /** Whether objects and vectors are deleted too. Otherwise maintenance deletes the rest. */
  readonly isWhole: boolean;
  /** `kept` if the request did not ask to delete it. */
  readonly source: SourceFate | "kept" | "pending";
}

export interface DeleteDeps extends Intake {
  readonly passages: PassageIndex;
}

/**
 * Delete a job of the actor's owner with its results, whether it runs or not. If it has a result, jobs that waited for it get that
 * first; otherwise one of them runs.
 * @returns null if there is no such job.
 */
export async function deleteJob(
  id: string,
  { withSource }: { withSource: boolean },
  actor: Actor,
  deps: DeleteDeps,
): Promise<DeletedJob | null> {
  const { db, journal } = deps;
  const job = { id, ownerId: actor.ownerId };
  const standing = await readStanding(db, job);
  if (standing === null) {
    // An earlier request died before it had deleted everything. This one deletes the rest.
    const leftover = await findLeftover(db, job);
    return leftover === null ? null : finish(leftover, { withSource, hasSource: leftover.source !== null }, deps);
  }
  if (standing.isArchived) {
    // The audit log keeps what the job has cost, and jobs that wait for its result get it. A line that cannot be read must not keep
    // its job from being deleted.
    await bringBack(deps, job).catch((error: unknown) => {
      journal.fault({ event: "archive.unreadable", jobId: id, ownerId: actor.ownerId }, error);
    });
  }
  if (standing.isFollowed) await release(id, deps);
  const [leftover] = await beginDeletions(db, [{ ...job, withSource }], { now: Date.now(), actor });
  if (leftover === undefined) return null;
  journal.record({ event: "job.deleted", kind: standing.kind, jobId: id, ownerId: actor.ownerId });
  if (standing.isFollowed) await release(id, deps);
  return finish(leftover, { withSource, hasSource: standing.hasSource }, deps);
}

async function release(id: string, deps: DeleteDeps): Promise<void> {
  await announce(await releaseFollowers(deps.db, Date.now(), [id]), deps);
}

async function finish(
  leftover: Leftover,
  { withSource, hasSource }: { withSource: boolean; hasSource: boolean },
  deps: DeleteDeps,
): Promise<DeletedJob> {
  const unasked = hasSource ? "kept" : "none";
  try {
    const [fate = null] = await deleteLeftovers([leftover], deps, Date.now());
    return { isWhole: true, source: withSource ? (fate ?? "none") : unasked };
  } catch (error) {
    const { jobId, ownerId } = leftover;
    deps.journal.fault({ event: "delete.failed", jobId, ownerId }, error);
    return { isWhole: false, source: withSource && hasSource ? "pending" : unasked };
  }
}
