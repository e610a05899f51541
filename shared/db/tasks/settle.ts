import { checkAt } from "./check-at.ts";
import { passagePages as splitPassages } from "../search/pages.ts";
import { fingerprintFailure } from "../../jobs/fingerprint-failure.ts";
import { type ModelCall, neuronsOf } from "../../models/model-call.ts";
import type { EndedAttempt, Outcome } from "../../jobs/outcome.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";
import { tellOfBudgets } from "../cost/budget-news.ts";
import { insertDeliveries, settleDeliveries } from "../webhooks/deliveries.ts";
import { findFollowed, releaseFollowers } from "../jobs/followers.ts";
import { finalizeJobs, openStages } from "../jobs/ends.ts";
import { holdAccount, holdingCode } from "../cost/holds.ts";
import { addLatencies, bucketOf } from "../models/latencies.ts";
import { findHeld, renewLeases } from "./leases.ts";
import { settleReservations } from "../cost/reservations.ts";
import {
  insertArtifacts,
  insertAttempts,
  insertChunks,
  insertDeadLetters,
  insertLabels,
  insertNext,
  insertPassages,
  type PassagePage,
  updateEstimates,
} from "./settle-inserts.ts";
import { formatOf } from "./task-formats.ts";
import { retryTransient } from "../transient.ts";
import { addUsage } from "../cost/usage.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";
import { type Returning, returning, type Statement, transact } from "../transact.ts";
import type { AccountHold } from "../../models/allocation.ts";

/** Tasks that still run while others settle. */
export interface Running {
  readonly taskIds: readonly string[];
  readonly leaseId: string;
  /** Renew the lease for this long from now; null leaves it as it is. */
  readonly renewForMs: number | null;
}

/** A task that a call settled; `attempt` is the one that ended. */
export interface SettledTask {
  readonly jobId: string;
  readonly kind: TaskKind;
  readonly attempt: number;
}

export interface Settled extends Changes {
  /** The settled tasks, by id. An attempt whose lease was lost is not among them. */
  readonly settled: ReadonlyMap<string, SettledTask>;
  /** The running tasks whose lease is still valid; the others were cancelled or taken over. */
  readonly held: ReadonlySet<string>;
}

/** What a statement of a settlement returns. */
interface Settling extends Partial<Changes> {
  readonly settled?: readonly (SettledTask & { readonly id: string })[];
  readonly held?: readonly string[];
  readonly followed?: readonly string[];
}

/**
 * Settle attempts in one transaction: history, results, dead letters, and the next states of tasks and jobs. The number of
 * statements does not grow with the number of attempts. Also renews a lease and holds the account, if asked.
 */
export async function settleTasks(
  db: D1Database,
  attempts: readonly EndedAttempt[],
  { now, running, hold }: { now: number; running?: Running | undefined; hold?: AccountHold | undefined },
): Promise<Settled> {
  const statements = [
    ...(hold ? [holdAccount(db, hold)] : []),
    ...(running ? watchStatements(db, running, now) : []),
    ...(attempts.length > 0 ? settleStatements(db, attempts, now) : []),
  ];
  const answers = await retryTransient(() => transact<Settling>(db, statements));
  const released = await releaseFollowers(
    db,
    now,
    answers.flatMap(({ followed = [] }) => followed),
  );
  return {
    ...sumOf([...answers, released]),
    settled: new Map(answers.flatMap(({ settled = [] }) => settled.map(({ id, ...task }) => [id, task] as const))),
    held: new Set(answers.flatMap(({ held = [] }) => held)),
  };
}

function watchStatements(
  db: D1Database,
  { taskIds, leaseId, renewForMs }: Running,
  now: number,
): readonly Statement<Settling>[] {
  return [
    ...(renewForMs === null ? [] : [renewLeases(db, taskIds, { id: leaseId, now, leaseMs: renewForMs })]),
    findHeld(db, taskIds, leaseId),
  ];
}

function settleStatements(db: D1Database, attempts: readonly EndedAttempt[], now: number): Statement<Settling>[] {
  const rows = JSON.stringify(attempts.map(rowOf));
  const ids = JSON.stringify(attempts.map((ended) => ended.taskId));
  const done = attempts.flatMap(({ outcome }) => (outcome.type === "completed" ? [outcome] : []));
  const isAnyDiscarded = attempts.some(({ outcome }) => outcome.type === "discard");
  const isAnyBudgeted = attempts.some(({ isBudgeted }) => isBudgeted);
  const isAnyEnded = done.length > 0 || isAnyDiscarded;
  const reports = attempts.flatMap(({ outcome }) => outcome.delivery ?? []);
  return [
    insertAttempts(db, rows),
    ...(attempts.some(({ calls }) => calls.length > 0) ? [addUsage(db, rows)] : []),
    ...(attempts.some(({ calls }) => calls.some(isTimed)) ? [addLatencies(db, rows)] : []),
    ...(isAnyBudgeted ? [...settleReservations(db, rows), ...tellOfBudgets(db, rows, now)] : []),
    ...(attempts.some(({ estimate }) => estimate !== undefined) ? [updateEstimates(db, rows)] : []),
    ...(done.some(({ artifacts = [] }) => artifacts.length > 0) ? [insertArtifacts(db, rows)] : []),
    ...(done.some(({ labels = [] }) => labels.length > 0) ? [insertLabels(db, rows)] : []),
    ...(done.some(({ transcribed }) => transcribed !== undefined) ? [insertChunks(db, rows)] : []),
    ...attempts.flatMap(nextPages).map((page) => insertNext(db, JSON.stringify([page]), now)),
    ...attempts.flatMap(passagePages).flatMap((page) => insertPassages(db, JSON.stringify([page]), page)),
    ...(isAnyDiscarded ? [insertDeadLetters(db, rows, now)] : []),
    ...(reports.length > 0 ? settleDeliveries(db, rows, { now, isAnyGone: reports.some(({ isGone }) => isGone) }) : []),
    updateTasks(db, rows),
    ...(isAnyEnded
      ? [openStages(db, ids, now), finalizeJobs(db, ids, now), findFollowed(db, ids), ...insertDeliveries(db, now)]
      : []),
  ];
}

/** Set the tasks' next state. An attempt whose lease was lost changes nothing. */
function updateTasks(db: D1Database, rows: string): Returning<Pick<Settling, "settled">> {
  const updated = db
    .prepare(
      `UPDATE tasks
          SET state = s.value ->> 'state', finalized_at = s.value ->> 'finalizedAt',
              scheduled_at = coalesce(s.value ->> 'scheduledAt', scheduled_at),
              check_at = coalesce(${checkAt("s.value ->> 'scheduledAt'")}, check_at),
              created_at = coalesce(s.value ->> 'createdAt', created_at),
              max_attempts = max_attempts + (s.value ->> 'givenBack'),
              -- A task that was lost has run alone since: an attempt that ends by itself clears it of losses beside other
              -- tasks.
              lost = iif(s.value ->> 'lost', lost + 1, iif(lost_alone = 0, 0, lost)),
              lost_alone = lost_alone + (s.value ->> 'lostAlone'),
              args = coalesce(s.value ->> '$.instead.args', args),
              format = iif(s.value ->> '$.instead.args' IS NULL, format, ${formatOf("tasks.kind")}),
              recording = coalesce(s.value ->> 'recording', recording),
              preferred_model = iif(s.value ->> '$.instead.model' IS NULL, preferred_model, coalesce(preferred_model, model)),
              model = coalesce(s.value ->> '$.instead.model', model),
              -- Its next turn, also after a redrive, is one among those of its owner.
              held_by = s.value ->> 'heldBy', lease_id = NULL, leased_at = NULL, is_newcomer = 0
         FROM json_each(?1) s
        WHERE tasks.id = s.value ->> 'taskId' AND tasks.lease_id = s.value ->> 'leaseId'
       RETURNING tasks.id, job_id AS jobId, kind, attempt`,
    )
    .bind(rows);
  return returning(updated, (settled: NonNullable<Settling["settled"]>) => ({ settled }));
}

const STATE_AFTER = {
  completed: "completed",
  retry: "retryable",
  snooze: "retryable",
  discard: "discarded",
} as const satisfies Record<Outcome["type"], string>;

function isTimed(call: ModelCall): call is ModelCall & { durationMs: number } {
  return call.durationMs !== null;
}

function rowOf(ended: EndedAttempt): Record<string, unknown> {
  const { outcome, calls } = ended;
  const last = calls.at(-1);
  const again = outcome.type === "retry" || outcome.type === "snooze";
  return {
    taskId: ended.taskId,
    leaseId: ended.leaseId,
    outcome: ended.lost ? "lost" : outcome.type,
    state: STATE_AFTER[outcome.type],
    startedAt: ended.startedAt,
    finishedAt: ended.finishedAt,
    finalizedAt: again ? null : ended.finishedAt,
    scheduledAt: again ? outcome.scheduledAt : null,
    // A snooze and a lost run do not count, so the attempt that they used is given back.
    givenBack: outcome.type === "snooze" || ended.lost ? 1 : 0,
    lost: ended.lost ? 1 : 0,
    lostAlone: ended.lostAlone ? 1 : 0,
    ...(outcome.type === "snooze" && outcome.instead && { instead: outcome.instead }),
    model: last?.model ?? null,
    engine: last?.engine ?? null,
    neurons: neuronsOf(calls),
    latencies: calls.filter(isTimed).map(({ model, durationMs }) => ({ model, bucket: bucketOf(durationMs) })),
    ...(calls.length > 0 && { usage: calls }), // left out, not null: json_each has a row for null
    ...(ended.operations && {
      operations: { ...ended.operations, ...(ended.stored && { stored: besideArtifacts(ended) }) },
    }),
    ...(ended.estimate && { estimate: ended.estimate }),
    ...(ended.recording && { recording: ended.recording }),
    heldBy: outcome.type === "snooze" ? holdingCode(outcome.failure.code) : null,
    errorCode: outcome.type === "completed" ? null : outcome.failure.code,
    errorMessage: outcome.type === "completed" ? null : outcome.failure.message,
    ...(outcome.type === "discard" && fingerprintFailure(outcome.failure)),
    // Waiting for a budget is not waiting for a turn, so the wait for a turn is counted from the reset on.
    ...(ended.refusedBy && again && { refusedBy: ended.refusedBy, createdAt: outcome.scheduledAt }),
    ...(outcome.delivery && { delivery: outcome.delivery }),
    ...(outcome.type === "completed" && {
      artifacts: outcome.artifacts ?? [],
      labels: outcome.labels ?? [],
      transcribed: outcome.transcribed ?? null,
    }),
  };
}

/** The speech of more than a week, written in two of the thirty seconds that a transaction has. */
const MOST_PASSAGES = 20_000;

/** Some 200 kB: passages of 120 words. */
const PASSAGES_A_STATEMENT = 250;

function passagePages({ taskId, leaseId, outcome }: EndedAttempt): readonly PassagePage[] {
  const passages = outcome.type === "completed" ? (outcome.passages ?? []).slice(0, MOST_PASSAGES) : [];
  const sources = [...new Set(passages.map(({ source }) => source))];
  return splitPassages(passages, PASSAGES_A_STATEMENT).map((some, index) => ({
    taskId,
    leaseId,
    passages: some,
    replaced: index === 0 ? sources : [],
  }));
}

/** D1 binds at most 2 MB. A chunk carries its part of the file's index: up to 40 kB for a video. */
const NEXT_BYTES_A_STATEMENT = 500_000;

function nextPages({ taskId, leaseId, outcome }: EndedAttempt): readonly Record<string, unknown>[] {
  const next = outcome.type === "completed" ? (outcome.next ?? []) : [];
  const openStage = Math.min(...next.map((task) => task.stage));
  const pages: Record<string, unknown>[][] = [];
  let roomBytes = 0;
  for (const task of next) {
    const args = JSON.stringify(task.args);
    if (args.length > roomBytes) {
      pages.push([]);
      roomBytes = NEXT_BYTES_A_STATEMENT;
    }
    roomBytes -= args.length;
    pages.at(-1)?.push({ ...task, args, state: task.stage === openStage ? "available" : "pending" });
  }
  return pages.map((page) => ({ taskId, leaseId, next: page }));
}

/** The names of the objects that an attempt has stored besides artifacts: answers that the next attempt would have reused. */
function besideArtifacts({ outcome, stored = [] }: EndedAttempt): readonly string[] {
  const named = new Set(outcome.type === "completed" ? outcome.artifacts?.map(({ name }) => name) : []);
  return [...new Set(stored)].filter((name) => !named.has(name));
}
