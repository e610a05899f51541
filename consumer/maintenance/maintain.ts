import { serveForgotten } from "../../shared/archive/serve.ts";
import { abortMultipart } from "../../shared/uploads/abort-multipart.ts";
import { advanceRedrives, type RedriveDeps } from "../../shared/redrives/advance-redrives.ts";
import { type ExpiredLease, findExpiredLeases } from "../../shared/db/jobs/maintenance.ts";
import { deletePendingUploads, findExpiredUploads } from "../../shared/db/uploads/pending-uploads.ts";
import { pruneStreams } from "../../shared/db/keys/event-streams.ts";
import { pruneFailures } from "../../shared/db/keys/failed-authentications.ts";
import { deleteLatencies } from "../../shared/db/models/latencies.ts";
import { continueReleases } from "../../shared/db/cost/holds.ts";
import { spendAbandoned } from "../../shared/db/cost/reservations.ts";
import { releaseForgotten } from "../../shared/db/jobs/followers.ts";
import { settleTasks } from "../../shared/db/tasks/settle.ts";
import { findOverdueJobs, stopJobs } from "../../shared/db/jobs/stop-jobs.ts";
import { announce } from "../../shared/jobs/announce.ts";
import type { EndedAttempt } from "../../shared/jobs/outcome.ts";
import { MAX_LOST, MAX_LOST_AT_ALL } from "../../shared/jobs/task.ts";
import { archiveJobs, type ArchiveDeps, forgetArchives } from "./archive.ts";
import { dispatchDue } from "./dispatch-due.ts";
import { findEarlierWords } from "./find-earlier-words.ts";
import { indexEarlierTexts } from "./index-earlier-texts.ts";
import { finishDeletions, forgetRestores, pruneFiles, pruneFinalized, type PruneDeps } from "./prune.ts";
import { finishPrunings } from "./prune-many.ts";
import { recordAttempts } from "../runner/record-attempts.ts";
import { pruneRecords } from "./record-jobs.ts";
import { keepRestorable } from "./restore.ts";
import { type SweepDeps, sweepInbox } from "./sweep.ts";
import { endAudit, type EndingDeps, endUploads, forgetAnswers } from "./end-rows.ts";
import { deliverAlerts, watchDeployment, type WatchDeps } from "./watch-deployment.ts";

export interface MaintenanceDeps extends SweepDeps, RedriveDeps, PruneDeps, ArchiveDeps, WatchDeps, EndingDeps {}

/** The most that one run does of each duty. The next run, a minute later, continues. */
const LIMIT = 1000;
/** Each takes one call to R2. */
const UPLOADS_EXPIRED_A_RUN = 100;

/** Run every duty, even if others fail. A run ends with a `maintenance.ran` entry: if it is missing, cron has stopped. */
export async function maintain(deps: MaintenanceDeps, now: number): Promise<void> {
  const startedAt = Date.now();
  const counts: Record<string, number> = {};
  const duties = {
    keepRestorable,
    watchDeployment,
    rescueExpired,
    endOverdue,
    serveFollowers,
    letHeldGo,
    spendUntold,
    dispatchDue,
    advanceRedrives,
    sweepInbox,
    abortExpiredUploads,
    pruneRecords,
    forgetRestores,
    finishDeletions,
    finishPrunings,
    findEarlierWords,
    indexEarlierTexts,
    pruneFinalized,
    archiveJobs,
    forgetArchives,
    pruneFiles,
    forgetAnswers,
    endUploads,
    endAudit,
    forgetLatencies,
    forgetStreams,
    forgetFailures,
    // Last: an endpoint that does not answer must not delay the work that jobs wait for.
    deliverAlerts,
  };
  for (const [duty, run] of Object.entries(duties)) {
    try {
      const count = await run(deps, now);
      counts[duty] = count;
    } catch (error) {
      deps.journal.fault({ event: "maintenance.failed", code: duty }, error);
    }
  }
  deps.journal.record({ event: "maintenance.ran", durationMs: Date.now() - startedAt }, counts);
}

const LOST = {
  code: "worker_lost",
  message: "The consumer ended during this attempt. The next attempt runs alone.",
};
const LOST_FOR_GOOD = {
  code: "worker_lost",
  message: `The consumer ended several times during this task, at last while it ran nothing else. Keep the task's source for a test, and redrive the task when the cause is fixed.`,
};

/** Free tasks whose consumer died. A task that ends its consumers is discarded in the end. */
async function rescueExpired(deps: MaintenanceDeps, now: number): Promise<number> {
  const { db, journal } = deps;
  const expired = await findExpiredLeases(db, now, LIMIT);
  if (expired.length === 0) return 0;
  const attempts = expired.map((task): EndedAttempt => ({
    taskId: task.id,
    leaseId: task.leaseId,
    outcome: isLastLoss(task)
      ? { type: "discard", failure: LOST_FOR_GOOD }
      : { type: "retry", failure: LOST, scheduledAt: task.leasedAt }, // its place in its owner's order
    lost: true,
    lostAlone: task.isAlone,
    calls: [],
    isBudgeted: true,
    startedAt: task.leasedAt,
    finishedAt: now,
  }));
  const result = await settleTasks(db, attempts, { now });
  recordAttempts(journal, attempts, result.settled);
  // A freed task has already waited for its lease to expire, so it is woken at once.
  const freed = attempts.flatMap(({ taskId, outcome }) =>
    outcome.type === "retry" && result.settled.has(taskId) ? [taskId] : [],
  );
  await announce({ ...result, ready: freed }, deps);
  return result.settled.size;
}

function isLastLoss({ lost, lostAlone, isAlone }: ExpiredLease): boolean {
  // All runs but the first were alone, and most of them were not waiting for an answer from outside.
  const isToBlame = isAlone && lost + 1 >= MAX_LOST && lostAlone + 1 >= MAX_LOST - 1;
  return isToBlame || lost + 1 >= MAX_LOST_AT_ALL;
}

/** End jobs whose deadline has passed, or that did not start in time. */
async function endOverdue(deps: MaintenanceDeps, now: number): Promise<number> {
  const changes = await stopJobs(deps.db, await findOverdueJobs(deps.db, now, LIMIT), now);
  await announce(changes, deps);
  return changes.endedJobs.length;
}

/** Release jobs that wait for an identical one whose end no consumer handled. */
async function serveFollowers(deps: MaintenanceDeps, now: number): Promise<number> {
  await serveForgotten(deps, now);
  const changes = await releaseForgotten(deps.db, now);
  await announce(changes, deps);
  return changes.opened.length + changes.endedJobs.length;
}

/** Continue to release tasks whose budget was raised or removed, or whose account is no longer held. */
async function letHeldGo(deps: MaintenanceDeps, now: number): Promise<number> {
  const released = await continueReleases(deps.db, { now, limit: LIMIT });
  await announce(released, deps);
  return released.ready.length;
}

/** Count calls as spent if no attempt will report their cost any more. */
async function spendUntold({ db }: MaintenanceDeps, now: number): Promise<number> {
  return spendAbandoned(db, now);
}

/** Abort uploads that were announced and never completed, and forget those that were completed. */
async function abortExpiredUploads({ db, media }: MaintenanceDeps, now: number): Promise<number> {
  const expired = await findExpiredUploads(db, now, UPLOADS_EXPIRED_A_RUN);
  for (const { key, multipart, completedAt } of expired) {
    if (multipart !== null && completedAt === null) await abortMultipart(media, key, multipart.id);
  }
  if (expired.length > 0)
    await deletePendingUploads(
      db,
      expired.map(({ id }) => id),
    );
  return expired.length;
}

/** Delete the durations of calls that are too old for the choice of a model. */
async function forgetLatencies({ db }: MaintenanceDeps, now: number): Promise<number> {
  return deleteLatencies(db, now);
}

/** Forget streams whose Worker died. */
async function forgetStreams({ db }: MaintenanceDeps, now: number): Promise<number> {
  return pruneStreams(db, now);
}

/** Forget addresses that last sent an invalid key more than an hour ago. */
async function forgetFailures({ db }: MaintenanceDeps, now: number): Promise<number> {
  return pruneFailures(db, now, LIMIT);
}
