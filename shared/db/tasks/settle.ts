import type { BudgetNews } from "../../cost/budget.ts";
import { fingerprintFailure } from "../../jobs/fingerprint-failure.ts";
import { type ModelCall, neuronsOf } from "../../models/model-call.ts";
import type { EndedAttempt, Outcome } from "../../jobs/outcome.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";
import { tellOfBudgets } from "../cost/budget-news.ts";
import { insertDeliveries, settleDeliveries } from "../webhooks/deliveries.ts";
import { findFollowed, releaseFollowers } from "../jobs/followers.ts";
import { type EndedRow, finalizeJobs, openStages, readEnded } from "../jobs/ends.ts";
import { holdAccount } from "../cost/holds.ts";
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
import type { Changes } from "../../jobs/changes.ts";
import type { AccountHold } from "../../models/allocation.ts";

/** Tasks that still run while others settle. */
export interface Running {
  readonly taskIds: readonly string[];
  readonly leaseId: string;
  /** Keep the lease for so long from now; null leaves it as it is. */
  readonly renewForMs: number | null;
}

/** A task that a call settled; `attempt` is the one that ended. */
export interface SettledTask {
  readonly jobId: string;
  readonly kind: TaskKind;
  readonly attempt: number;
}

export interface Settled extends Changes {
  /** The tasks settled, by id. An attempt whose lease was lost is not among them. */
  readonly settled: ReadonlyMap<string, SettledTask>;
  /** Of the tasks that run, those whose lease still stands: the others were cancelled or taken over. */
  readonly held: ReadonlySet<string>;
  /** Webhook endpoints that want no more. */
  readonly disabledEndpoints: readonly { readonly id: string; readonly ownerId: string }[];
  /** Budgets that crossed a line with this call. */
  readonly budgetNews: readonly BudgetNews[];
  /** Until when the account is held, if it was not before: epoch milliseconds. */
  readonly heldUntil: number | null;
}

/**
 * Settle attempts: history, results, dead letters, the tasks' next state and their jobs', in one transaction and a
 * number of statements that does not grow with the number of attempts. Renews a lease and holds the
 * account on the way, if asked.
 */
export async function settleTasks(
  db: D1Database,
  attempts: readonly EndedAttempt[],
  {
    now,
    ringGraceMs,
    running,
    hold,
  }: { now: number; ringGraceMs: number; running?: Running | undefined; hold?: AccountHold | undefined },
): Promise<Settled> {
  const statements = [
    ...(hold ? [holdAccount(db, hold)] : []),
    ...(running ? watchStatements(db, running, now) : []),
    ...(attempts.length > 0 ? settleStatements(db, attempts, now, ringGraceMs) : []),
  ];
  const results = await retryTransient(() => db.batch<SettlingRow>(statements));
  const { isAnyFollowed, ...settled } = readSettled(results);
  if (!isAnyFollowed) return settled;
  const released = await releaseFollowers(db, { now, ringGraceMs });
  return {
    ...settled,
    opened: [...settled.opened, ...released.opened],
    endedJobs: [...settled.endedJobs, ...released.endedJobs],
    cancelledTasks: [...settled.cancelledTasks, ...released.cancelledTasks],
  };
}

/** What the statements of a settlement return, each its own columns. */
export interface SettlingRow extends Partial<SettledTask>, Partial<EndedRow> {
  readonly settled?: string;
  readonly opened?: string | null;
  readonly held?: string;
  readonly followed?: number;
  readonly cancelled?: string;
  readonly disabledEndpoint?: string;
  readonly ownerId?: string;
  readonly news?: string;
  readonly heldUntil?: number | null;
}

/** Read what a batch of such statements did. */
export function readSettled(results: readonly D1Result<SettlingRow>[]): Settled & { readonly isAnyFollowed: boolean } {
  const rows = results.flatMap((result) => result.results);
  const settled = new Map<string, SettledTask>();
  for (const { settled: id, jobId, kind, attempt } of rows) {
    if (id === undefined || jobId === undefined || kind === undefined || attempt === undefined) continue;
    settled.set(id, { jobId, kind, attempt });
  }
  return {
    settled,
    opened: rows.flatMap((row) => row.opened ?? []),
    endedJobs: readEnded(rows.flatMap(({ ended }) => (ended === undefined ? [] : [{ ended }]))),
    held: new Set(rows.flatMap((row) => row.held ?? [])),
    cancelledTasks: rows.flatMap((row) => row.cancelled ?? []),
    disabledEndpoints: rows.flatMap(({ disabledEndpoint: id, ownerId = "" }) =>
      id === undefined ? [] : [{ id, ownerId }],
    ),
    budgetNews: rows.flatMap(({ news }) => (news === undefined ? [] : [JSON.parse(news) as BudgetNews])), // our own JSON
    heldUntil: rows.find((row) => row.heldUntil !== undefined)?.heldUntil ?? null,
    isAnyFollowed: rows.some((row) => row.followed !== undefined),
  };
}

function watchStatements(
  db: D1Database,
  { taskIds, leaseId, renewForMs }: Running,
  now: number,
): readonly D1PreparedStatement[] {
  return [
    ...(renewForMs === null ? [] : [renewLeases(db, taskIds, { id: leaseId, now, leaseMs: renewForMs })]),
    findHeld(db, taskIds, leaseId),
  ];
}

function settleStatements(
  db: D1Database,
  attempts: readonly EndedAttempt[],
  now: number,
  ringGraceMs: number,
): D1PreparedStatement[] {
  const rows = JSON.stringify(attempts.map((ended) => rowOf(ended, ringGraceMs)));
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
    ...(isAnyBudgeted ? [...settleReservations(db, rows), ...tellOfBudgets(db, rows, { now, ringGraceMs })] : []),
    ...(attempts.some(({ estimate }) => estimate !== undefined) ? [updateEstimates(db, rows)] : []),
    ...(done.some(({ artifacts = [] }) => artifacts.length > 0) ? [insertArtifacts(db, rows)] : []),
    ...(done.some(({ labels = [] }) => labels.length > 0) ? [insertLabels(db, rows)] : []),
    ...(done.some(({ transcribed }) => transcribed !== undefined) ? [insertChunks(db, rows)] : []),
    ...attempts.flatMap(nextPages).map((page) => insertNext(db, JSON.stringify([page]), now, ringGraceMs)),
    ...attempts.flatMap(passagePages).flatMap((page) => insertPassages(db, JSON.stringify([page]), page)),
    ...(isAnyDiscarded ? [insertDeadLetters(db, rows, now)] : []),
    ...(reports.length > 0 ? settleDeliveries(db, rows, { now, isAnyGone: reports.some(({ isGone }) => isGone) }) : []),
    db
      .prepare(
        `UPDATE tasks
            SET state = s.value ->> 'state', finalized_at = s.value ->> 'finalizedAt',
                scheduled_at = coalesce(s.value ->> 'scheduledAt', scheduled_at),
                check_at = coalesce(s.value ->> 'checkAt', check_at),
                created_at = coalesce(s.value ->> 'createdAt', created_at),
                max_attempts = max_attempts + (s.value ->> 'givenBack'),
                -- Lost, it ran alone since: an attempt that ends by itself clears it of what was lost beside others.
                lost = iif(s.value ->> 'lost', lost + 1, iif(lost_alone = 0, 0, lost)),
                lost_alone = lost_alone + (s.value ->> 'lostAlone'),
                args = coalesce(s.value ->> '$.instead.args', args),
                format = iif(s.value ->> '$.instead.args' IS NULL, format, ${formatOf("tasks.kind")}),
                preferred_model = iif(s.value ->> '$.instead.model' IS NULL, preferred_model, coalesce(preferred_model, model)),
                model = coalesce(s.value ->> '$.instead.model', model),
                lease_id = NULL, leased_at = NULL
           FROM json_each(?1) s
          WHERE tasks.id = s.value ->> 'taskId' AND tasks.lease_id = s.value ->> 'leaseId'
         RETURNING tasks.id AS settled, job_id AS jobId, kind, attempt`,
      )
      .bind(rows),
    ...(isAnyEnded
      ? [
          openStages(db, ids, now, ringGraceMs),
          finalizeJobs(db, ids, now),
          findFollowed(db, ids),
          ...insertDeliveries(db, now, ringGraceMs),
        ]
      : []),
  ];
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

function rowOf(ended: EndedAttempt, ringGraceMs: number): Record<string, unknown> {
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
    checkAt: again ? outcome.scheduledAt + ringGraceMs : null,
    // A snooze and a lost run are not counted: the attempt that it used is given back.
    givenBack: outcome.type === "snooze" || ended.lost ? 1 : 0,
    lost: ended.lost ? 1 : 0,
    lostAlone: ended.lostAlone ? 1 : 0,
    ...(outcome.type === "snooze" && outcome.instead && { instead: outcome.instead }),
    model: last?.model ?? null,
    engine: last?.engine ?? null,
    neurons: neuronsOf(calls),
    latencies: calls.filter(isTimed).map(({ model, durationMs }) => ({ model, bucket: bucketOf(durationMs) })),
    ...(calls.length > 0 && { usage: calls }), // left out, not null: json_each has a row for null
    ...(ended.operations && { operations: ended.operations }),
    ...(ended.estimate && { estimate: ended.estimate }),
    errorCode: outcome.type === "completed" ? null : outcome.failure.code,
    errorMessage: outcome.type === "completed" ? null : outcome.failure.message,
    ...(outcome.type === "discard" && fingerprintFailure(outcome.failure)),
    // Waiting for a budget is not waiting for a turn: that is counted from the reset on.
    ...(ended.refusedBy && again && { refusedBy: ended.refusedBy, createdAt: outcome.scheduledAt }),
    ...(outcome.delivery && { delivery: outcome.delivery }),
    ...(outcome.type === "completed" && {
      artifacts: outcome.artifacts ?? [],
      labels: outcome.labels ?? [],
      transcribed: outcome.transcribed ?? null,
    }),
  };
}

/** Speech of more than a week, and two seconds of the thirty that a transaction has. */
const MOST_PASSAGES = 20_000;

/** Some 200 kB of passages of 120 words. */
const PASSAGES_A_STATEMENT = 250;

function passagePages({ taskId, leaseId, outcome }: EndedAttempt): readonly PassagePage[] {
  const passages = outcome.type === "completed" ? (outcome.passages ?? []).slice(0, MOST_PASSAGES) : [];
  const sources = [...new Set(passages.map(({ source }) => source))];
  const pages: PassagePage[] = [];
  for (let start = 0; start < passages.length; start += PASSAGES_A_STATEMENT) {
    const some = passages.slice(start, start + PASSAGES_A_STATEMENT);
    pages.push({ taskId, leaseId, passages: some, replaced: start === 0 ? sources : [] });
  }
  return pages;
}

/** D1 binds at most 2 MB. A chunk carries its piece of the file's index: up to 40 kB for a video. */
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
