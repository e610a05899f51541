import type { Ai } from "../../shared/models/run-model.ts";
import { leaseTasks, msUntilNext } from "../../shared/db/tasks/leases.ts";
import { type Settled, settleTasks } from "../../shared/db/tasks/settle.ts";
import { stopJobs, tooLate } from "../../shared/db/jobs/stop-jobs.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import type { Connections } from "../../shared/connections.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { addLateUsage } from "../../shared/db/cost/usage.ts";
import { recordUnusable } from "../../shared/models/record-unusable.ts";
import { recordChanges } from "../../shared/jobs/record-changes.ts";
import type { PassageIndex } from "../../shared/search/passage.ts";
import type { Settlement } from "../../shared/jobs/settlement.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { wake } from "../../shared/jobs/wake.ts";
import type { IsolateMemory } from "./memory-limit.ts";
import { type CallGate, callGate } from "./call-gate.ts";
import { recordLeases, recordSettlements } from "./record-attempts.ts";
import { runTask } from "./run-task.ts";

export interface RunBatchDeps extends Intake {
  readonly ai: Ai;
  readonly connections: Connections;
  readonly memory: IsolateMemory;
  readonly passages: PassageIndex;
  /** How often a model may be asked in a minute. */
  readonly callsAMinute: Readonly<Record<string, number>>;
  readonly fallbacks: Fallbacks;
  readonly allowInsecureWebhooks: boolean;
}

/** A consumer that dies is noticed after this long; one that lives renews its lease well before. */
const LEASE_MS = 90_000;

const RENEW_EVERY_MS = 20_000;

/**
 * Tasks of a batch that end close together settle together. Beside a slower one they wait no longer than this: their
 * clients wait too, and a result that is not settled would have to be recalled if the consumer died. It is also how soon
 * a task that was cancelled is told: within two seconds, and an invocation of fifteen minutes stays below the thousand
 * queries that D1 allows it.
 */
const SETTLE_EVERY_MS = 1400;

/** The queue's max_retries is 100, and a message past it is taken for one that crashes its consumer. */
const MAX_DELIVERIES = 90;

/** Queues' own limit was 12 hours before it was 24. A hold may be longer: maintenance rings then. */
const MAX_DELAY_SECONDS = 43_200;

/** After a failure of D1 itself. */
const RETRY_LATER_SECONDS = 30;

/** For so long a result that D1 does not take is held and tried again; its lease lasts longer. */
const HOLD_UNSETTLED_MS = 45_000;

/**
 * Lease as many tasks as there are messages, run them side by side, settle them, and acknowledge each message on its
 * own. A message says that there is work, not which: what runs next is D1's to say. Never throws.
 */
export async function runBatch(messages: readonly Message[], deps: RunBatchDeps): Promise<void> {
  const tasks = await lease(messages.length, deps);
  if (tasks === null) {
    for (const message of messages) ringAgain(message, RETRY_LATER_SECONDS);
    return;
  }
  const byTask = new Map(tasks.map((task, index) => [task.id, messages[index]]));
  const left = messages.slice(tasks.length);
  await Promise.all([
    left.length > 0 && letGo(left, deps),
    runAndSettle(await withoutTooLate(tasks, deps), deps, (settlements, settled) => {
      for (const settlement of settlements) answer(byTask.get(settlement.taskId), settlement, settled);
    }),
  ]);
}

async function lease(limit: number, { db, callsAMinute, journal }: RunBatchDeps): Promise<readonly Task[] | null> {
  const asked = { id: crypto.randomUUID(), now: Date.now(), leaseMs: LEASE_MS, limit, callsAMinute };
  try {
    const tasks = await retryTransient(() => leaseTasks(db, asked));
    recordLeases(journal, tasks);
    return tasks;
  } catch (error) {
    journal.fault({ event: "lease.failed" }, error, { tasks: limit });
    return null;
  }
}

/** More messages than tasks: the same bell rang twice, or something is due that may not run just now. */
async function letGo(messages: readonly Message[], { db, callsAMinute }: RunBatchDeps): Promise<void> {
  const waitMs = await msUntilNext(db, { now: Date.now(), callsAMinute }).catch(() => RETRY_LATER_SECONDS * 1000);
  for (const message of messages) {
    if (waitMs === null) message.ack();
    else ringAgain(message, Math.max(1, Math.ceil(waitMs / 1000)));
  }
}

async function withoutTooLate(tasks: readonly Task[], deps: RunBatchDeps): Promise<readonly Task[]> {
  const late = new Set(tasks.filter((task) => task.isTooLate || isOverdue(task)));
  if (late.size === 0) return tasks;
  await stopOverdue([...late], deps);
  return tasks.filter((task) => !late.has(task));
}

function isOverdue({ deadlineAt }: Task): boolean {
  return deadlineAt !== null && deadlineAt <= Date.now();
}

async function stopOverdue(overdue: readonly Task[], { db, tasks, ringGraceMs, journal }: RunBatchDeps): Promise<void> {
  const stops = overdue.map((task) => tooLate(task.jobId, { isStarted: !task.isTooLate }));
  try {
    const changes = await retryTransient(() => stopJobs(db, stops, { now: Date.now(), ringGraceMs }));
    recordChanges(journal, changes);
    await wake(tasks, changes.opened);
  } catch (error) {
    // Maintenance ends them.
    journal.fault({ event: "stop.failed" }, error, { jobs: stops.length });
  }
}

/** @param onSettled is told of attempts that ended, with the ids that took effect; null where D1 could not be written. */
async function runAndSettle(
  tasks: readonly Task[],
  deps: RunBatchDeps,
  onSettled: (settlements: readonly Settlement[], settled: ReadonlyMap<string, unknown> | null) => void,
): Promise<void> {
  const gate = callGate(deps.db);
  const running = new Map(tasks.map((task) => [task.id, { task, stop: new AbortController() }]));
  let ended: Settlement[] = [];
  const all = Promise.all(
    [...running.values()].map(async ({ task, stop }) => {
      const settlement = await runTask(task, { ...deps, gate }, stop.signal);
      ended.push(settlement); // the list of this moment: it is emptied whenever some are settled
      running.delete(task.id);
    }),
  );
  let renewedAt = Date.now();
  let refusedAt: number | null = null;
  while (running.size > 0 || ended.length > 0) {
    await Promise.race([all, sleep(SETTLE_EVERY_MS)]);
    const overdue = [...running.values()].map(({ task }) => task).filter(isOverdue);
    if (overdue.length > 0) await stopOverdue(overdue, deps);
    const isRenewalDue = Date.now() - renewedAt >= RENEW_EVERY_MS;
    if (isRenewalDue) renewedAt = Date.now();
    const settlements = ended;
    ended = [];
    const watched = [...running.values()];
    const settled = await settle(
      settlements,
      watched.map(({ task }) => task),
      { isRenewalDue, gate, ...deps },
    );
    for (const { task, stop } of watched) if (settled?.held.has(task.id) === false) stop.abort(new Error(TAKEN_AWAY));
    refusedAt = settled === null ? (refusedAt ?? Date.now()) : null;
    if (refusedAt !== null && Date.now() - refusedAt < HOLD_UNSETTLED_MS) {
      ended = [...settlements, ...ended];
      await sleep(SETTLE_EVERY_MS);
    } else {
      onSettled(settlements, settled?.settled ?? null);
      if (settled !== null) await accountLate(settlements, settled.settled, tasks, deps);
    }
  }
}

/** What an attempt without its lease had bought is all that is left to write of it. */
async function accountLate(
  settlements: readonly Settlement[],
  settled: ReadonlyMap<string, unknown>,
  tasks: readonly Task[],
  { db, journal }: RunBatchDeps,
): Promise<void> {
  const late = settlements.flatMap(({ taskId, calls, finishedAt }) => {
    const task = tasks.find(({ id }) => id === taskId);
    if (task === undefined || settled.has(taskId)) return [];
    if (calls.length === 0 && !task.isBudgeted) return [];
    return [{ taskId, attempt: task.attempt, calls, finishedAt }];
  });
  if (late.length === 0) return;
  await addLateUsage(db, late).catch((error: unknown) => {
    journal.fault({ event: "settle.failed" }, error, { tasks: late.length });
  });
}

const TAKEN_AWAY = "the task was cancelled, or its lease ran out";

async function settle(
  settlements: readonly Settlement[],
  running: readonly Task[],
  deps: RunBatchDeps & { isRenewalDue: boolean; gate: CallGate },
): Promise<Pick<Settled, "settled" | "held"> | null> {
  const { db, ringGraceMs, isRenewalDue, gate } = deps;
  const first = running[0];
  const watch = first && {
    taskIds: running.map((task) => task.id),
    leaseId: first.leaseId,
    renewForMs: isRenewalDue ? LEASE_MS : null,
  };
  try {
    const result = await settleTasks(db, settlements, {
      now: Date.now(),
      ringGraceMs,
      running: watch,
      hold: gate.hold ?? undefined,
    });
    recordSettlements(deps.journal, settlements, result);
    await wake(deps.tasks, result.opened);
    const failed = settlements.flatMap(({ verdict, calls }) => ("failure" in verdict ? [{ ...verdict, calls }] : []));
    await recordUnusable(deps.journal, db, failed);
    return result;
  } catch (error) {
    deps.journal.fault({ event: "settle.failed" }, error, { tasks: settlements.length });
    // One that D1 will not take must not hold back its neighbours.
    if (settlements.length < 2) return null;
    const alone = await Promise.all(settlements.map((settlement) => settle([settlement], [], deps)));
    if (alone.every((settled) => settled === null)) return null;
    const held = new Set(running.map((task) => task.id));
    return { settled: new Map(alone.flatMap((one) => [...(one?.settled ?? [])])), held };
  }
}

function answer(
  message: Message | undefined,
  { taskId, verdict }: Settlement,
  settled: ReadonlyMap<string, unknown> | null,
): void {
  if (message === undefined) return;
  if (settled === null) {
    // The lease still stands: ring when it has expired and the rescue has freed the task.
    ringAgain(message, LEASE_MS / 1000 + 30);
  } else if (settled.has(taskId) && "scheduledAt" in verdict) {
    ringAgain(message, delaySeconds(verdict.scheduledAt));
  } else {
    message.ack(); // ended, or taken over
  }
}

/** A message delivered too often is let go: what is still due is rung by maintenance, with a new one. */
function ringAgain(message: Message, seconds: number): void {
  if (message.attempts < MAX_DELIVERIES) message.retry({ delaySeconds: seconds });
  else message.ack();
}

function delaySeconds(at: number): number {
  const seconds = Math.ceil((at - Date.now()) / 1000);
  return Math.min(Math.max(0, seconds), MAX_DELAY_SECONDS);
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
