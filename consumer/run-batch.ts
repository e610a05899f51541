import { leaseTasks } from "../shared/db/leases.ts";
import { settleTasks } from "../shared/db/settle.ts";
import { retryTransient } from "../shared/db/transient.ts";
import type { Intake } from "../shared/intake.ts";
import { SOURCE_BYTES_IN_FLIGHT } from "../shared/limits.ts";
import type { Settlement } from "../shared/settlement.ts";
import { type Task, TaskMessage } from "../shared/task.ts";
import { wake } from "../shared/wake.ts";
import { CUTS_HELD_BYTES } from "./audio/limits.ts";
import { byteBudget } from "./byte-budget.ts";
import type { AiBinding } from "./models/run-model.ts";
import { type ReadMessage, readMessages } from "./read-messages.ts";
import { recordLeases, recordSettlements } from "./record-attempts.ts";
import { runTask } from "./run-task.ts";

export interface RunBatchDeps extends Intake {
  readonly ai: AiBinding;
}

/** A consumer that dies is noticed after this long; one that lives renews its lease well before. */
const LEASE_MS = 90_000;

const RENEW_EVERY_MS = 20_000;

/**
 * Tasks of a batch that end close together settle together. Beside a slower one they wait no longer than this: their
 * clients wait too, and a result that is not settled would be paid for again if the consumer died.
 */
const SETTLE_EVERY_MS = 1000;

/** The queue's max_retries is 100, and a message past it is taken for one that crashes its consumer. */
const MAX_DELIVERIES = 90;

/** Queues' own limit was 12 hours before it was 24. A hold may be longer: maintenance rings then. */
const MAX_DELAY_SECONDS = 43_200;

/** After a failure of D1 itself. */
const RETRY_LATER_SECONDS = 30;

/** For so long a result that D1 does not take is held and tried again; its lease lasts longer. */
const HOLD_UNSETTLED_MS = 45_000;

/** Lease a batch's tasks, run them side by side, settle them, and acknowledge each message on its own. Never throws. */
export async function runBatch(batch: MessageBatch, deps: RunBatchDeps): Promise<void> {
  const messages = await readMessages(batch, TaskMessage, { ...deps, now: Date.now() });
  if (messages.length === 0) return;

  const tasks = await lease(messages, deps);
  if (tasks === null) {
    for (const { message } of messages) ringAgain(message, RETRY_LATER_SECONDS);
    return;
  }
  const byTask = new Map(messages.map(({ message, body }) => [body.taskId, message]));
  const leased = new Set(tasks.map((task) => task.id));
  for (const { message, body } of messages) {
    // Someone else holds the lease, or the task has ended, or the same bell rang twice. Redelivery is normal.
    if (!leased.has(body.taskId) || byTask.get(body.taskId) !== message) message.ack();
  }
  await runAndSettle(tasks, deps, (settlements, settled) => {
    for (const settlement of settlements) answer(byTask.get(settlement.taskId), settlement, settled);
  });
}

async function lease(
  messages: readonly ReadMessage<TaskMessage>[],
  deps: RunBatchDeps,
): Promise<readonly Task[] | null> {
  const taskIds = messages.map(({ body }) => body.taskId);
  const leaseId = crypto.randomUUID();
  try {
    const tasks = await retryTransient(() =>
      leaseTasks(deps.db, taskIds, { id: leaseId, now: Date.now(), leaseMs: LEASE_MS }),
    );
    recordLeases(deps.journal, tasks);
    return tasks;
  } catch (error) {
    deps.journal.fault({ event: "lease.failed" }, error, { tasks: taskIds.length });
    return null;
  }
}

/** @param onSettled is told of attempts that ended, with the ids that took effect; null where D1 could not be written. */
async function runAndSettle(
  tasks: readonly Task[],
  deps: RunBatchDeps,
  onSettled: (settlements: readonly Settlement[], settled: ReadonlySet<string> | null) => void,
): Promise<void> {
  const held = { budget: byteBudget(SOURCE_BYTES_IN_FLIGHT), cutting: byteBudget(CUTS_HELD_BYTES) };
  const running = new Map<string, Task>(tasks.map((task) => [task.id, task]));
  let ended: Settlement[] = [];
  const all = Promise.all(
    tasks.map(async (task) => {
      const settlement = await runTask(task, { ...deps, ...held });
      ended.push(settlement); // the list of this moment: it is emptied whenever some are settled
      running.delete(task.id);
    }),
  );
  let renewedAt = Date.now();
  let refusedAt: number | null = null;
  do {
    await Promise.race([all, sleep(SETTLE_EVERY_MS)]);
    const isRenewalDue = Date.now() - renewedAt >= RENEW_EVERY_MS;
    if (ended.length === 0 && !isRenewalDue) continue;
    if (isRenewalDue) renewedAt = Date.now();
    const settlements = ended;
    ended = [];
    const settled = await settle(settlements, isRenewalDue ? [...running.values()] : [], deps);
    refusedAt = settled === null ? (refusedAt ?? Date.now()) : null;
    if (refusedAt !== null && Date.now() - refusedAt < HOLD_UNSETTLED_MS) {
      ended = [...settlements, ...ended];
      await sleep(SETTLE_EVERY_MS);
    } else {
      onSettled(settlements, settled);
    }
  } while (running.size > 0 || ended.length > 0);
}

async function settle(
  settlements: readonly Settlement[],
  running: readonly Task[],
  deps: RunBatchDeps,
): Promise<ReadonlySet<string> | null> {
  const { db, ringGraceMs } = deps;
  const first = running[0];
  const renew = first && { taskIds: running.map((task) => task.id), leaseId: first.leaseId, leaseMs: LEASE_MS };
  try {
    const result = await settleTasks(db, settlements, { now: Date.now(), ringGraceMs, renew });
    recordSettlements(deps.journal, settlements, result);
    await wake(deps.tasks, result.opened);
    return result.settled;
  } catch (error) {
    deps.journal.fault({ event: "settle.failed" }, error, { tasks: settlements.length });
    // One that D1 will not take must not hold back its neighbours.
    if (settlements.length < 2) return null;
    const alone = await Promise.all(settlements.map((settlement) => settle([settlement], running, deps)));
    if (alone.every((settled) => settled === null)) return null;
    return new Set(alone.flatMap((settled) => [...(settled ?? [])]));
  }
}

function answer(
  message: Message | undefined,
  { taskId, verdict }: Settlement,
  settled: ReadonlySet<string> | null,
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
