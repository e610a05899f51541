// How often consumers are woken for one model that is asked as often as it allows, and how long owners wait for their turns. The
// product's own functions submit, wake, lease, settle and acknowledge, on a database in this process and by a clock of their own.
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

import { runBatch, type RunBatchDeps } from "../../consumer/runner/run-batch.ts";
import { dispatchDue } from "../../consumer/maintenance/dispatch-due.ts";
import { takeIn } from "../../shared/jobs/take-in.ts";
import { newJob } from "../../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import type { TaskMessage } from "../../shared/jobs/task.ts";
import { migratedDatabase } from "../../test/migrated.ts";
import { print, round } from "../report.ts";
import { D1_LIMITS, sqliteD1 } from "./sqlite-d1.ts";

const START = Date.UTC(2030, 0, 1, 12);
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const MODEL = "@cf/huggingface/distilbert-sst-2-int8";
/** As wrangler.jsonc sets them in production. */
const BATCH = 10;
const BATCH_WAIT_MS = SECOND_MS;
const GRACE_MS = 300_000;

export interface WakingLoad {
  readonly tasks: number;
  readonly owners: number;
  readonly callsAMinute: number;
  /** Jobs of one request. They come one request each tenth of a second. */
  readonly jobsARequest: number;
  /** How many of the first messages never arrive. */
  readonly lostShare?: number;
}

export interface Waking {
  readonly deliveriesPerTask: number;
  /** The share of leases that found nothing. */
  readonly emptyLeases: number;
  /** The longest wait of an owner between two turns, by the wait if all took turns at the model's rate. */
  readonly worstWaitRatio: number;
  /** How long all tasks took, by the time that the model's rate allows. */
  readonly timeRatio: number;
}

export const FULL_LOAD: WakingLoad = { tasks: 10_000, owners: 100, callsAMinute: 720, jobsARequest: 100 };

interface Queued {
  readonly id: string;
  readonly at: number;
  readonly attempts: number;
}

/** Submit the tasks, and run them all. */
export async function simulateWaking(load: WakingLoad): Promise<Waking> {
  const realNow = Date.now;
  const clock = { now: START };
  Date.now = () => clock.now;
  try {
    return await simulate(load, clock);
  } finally {
    Date.now = realNow;
  }
}

async function simulate(
  { tasks, owners, callsAMinute, jobsARequest, lostShare = 0 }: WakingLoad,
  clock: { now: number },
): Promise<Waking> {
  const database = await migratedDatabase({ limits: D1_LIMITS });
  const counts = { deliveries: 0, leases: 0, empty: 0, ended: 0 };
  let queue: Queued[] = [];
  let sent = 0;
  const send = (delaySeconds = 0, attempts = 0, id: string = randomUUID()) => {
    sent += 1;
    if (attempts === 0 && sent <= tasks && (sent * lostShare) % 1 < lostShare && lostShare > 0) return;
    queue.push({ id, at: clock.now + delaySeconds * SECOND_MS, attempts });
  };
  const ownerOf = database.prepare("SELECT owner_id AS owner FROM tasks WHERE id = ?1");
  const turns = new Map<string, number[]>();
  const deps = depsOf(database, { [MODEL]: callsAMinute }, send, (taskId) => {
    counts.ended += 1;
    const owner = String(ownerOf.get(taskId)?.["owner"]);
    turns.set(owner, [...(turns.get(owner) ?? []), clock.now]);
  });

  let submitted = 0;
  const deadline = START + 3 * (tasks / callsAMinute) * MINUTE_MS + 30 * MINUTE_MS;
  while (counts.ended < tasks && clock.now < deadline) {
    if (submitted < tasks) {
      await submit(submitted, Math.min(jobsARequest, tasks - submitted), owners, deps, clock.now);
      submitted += jobsARequest;
    }
    if ((clock.now - START) % MINUTE_MS === 0) await dispatchDue({ ...deps, wakeGraceMs: GRACE_MS }, clock.now);
    for (;;) {
      const due = queue.filter(({ at }) => at <= clock.now).slice(0, BATCH);
      const isFull = due.length === BATCH || due.some(({ at }) => at <= clock.now - BATCH_WAIT_MS);
      if (!isFull) break;
      queue = queue.filter((one) => !due.includes(one));
      const before = counts.ended;
      counts.deliveries += due.length;
      counts.leases += 1;
      await runBatch(
        due.map((one) => messageOf(one, send)),
        deps,
      );
      if (counts.ended === before) counts.empty += 1;
    }
    clock.now += 100;
  }
  database.close();
  if (counts.ended < tasks) throw new Error(`only ${counts.ended} of ${tasks} tasks ended in time`);
  const idealMs = (owners / callsAMinute) * MINUTE_MS;
  const waits = [...turns.values()].flatMap((at) => at.slice(1).map((turn, index) => turn - (at[index] ?? turn)));
  return {
    deliveriesPerTask: counts.deliveries / tasks,
    emptyLeases: counts.empty / counts.leases,
    // A model's calls are counted by the minute: what is asked at its beginning may wait for the next.
    worstWaitRatio: Math.max(...waits) / Math.max(idealMs, MINUTE_MS),
    timeRatio: (clock.now - START) / ((tasks / callsAMinute) * MINUTE_MS),
  };
}

function depsOf(
  database: DatabaseSync,
  callsAMinute: Readonly<Record<string, number>>,
  send: (delaySeconds?: number) => void,
  ended: (taskId: string) => void,
): RunBatchDeps {
  const db = sqliteD1(database);
  const tasks = {
    sendBatch: async (messages: Iterable<MessageSendRequest<TaskMessage>>) => {
      for (const { delaySeconds } of messages) send(delaySeconds);
    },
  };
  const fault = (_entry: unknown, error: unknown) => {
    throw error;
  };
  return {
    db,
    callsAMinute,
    tasks,
    operatorId: "operator",
    journal: { record: () => undefined, fault },
    gate: { hold: null },
    fallbacks: {},
    processors: {
      classify: async (_args: string, { task }: { task: { id: string } }) => {
        ended(task.id);
        return { type: "completed" };
      },
    },
    // The functions that run here touch nothing else.
  } as unknown as RunBatchDeps;
}

function messageOf(
  { id, attempts }: Queued,
  send: (delaySeconds?: number, attempts?: number, id?: string) => void,
): Message {
  return {
    id,
    timestamp: new Date(),
    body: { v: 1 },
    attempts: attempts + 1,
    ack: () => undefined,
    retry: ({ delaySeconds = 0 } = {}) => send(delaySeconds, attempts + 1, id),
  };
}

async function submit(from: number, count: number, owners: number, deps: RunBatchDeps, now: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, index) =>
    newJob(
      { kind: "classification", input: { text: `text ${from + index}`, options: { topK: 1, minScore: 0 } } },
      { ...DEFAULT_TERMS, reuse: false },
      {
        id: `job_${String(from + index).padStart(8, "0")}`,
        ownerId: `owner-${(from + index) % owners}`,
        createdAt: now,
      },
    ),
  );
  await takeIn({ jobs: await Promise.all(jobs), uploads: [] }, deps, now);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const figures = await simulateWaking(FULL_LOAD);
  print({
    case: "growth.deliveriesPerTask",
    value: round(figures.deliveriesPerTask),
    unit: "deliveries",
    target: "≤ 1.5",
  });
  print({ case: "growth.emptyLeases", value: round(figures.emptyLeases, 3), unit: "share", target: "≤ 0.05" });
  print({
    case: "growth.worstWaitRatio",
    value: round(figures.worstWaitRatio),
    unit: "ratio",
    target: "≤ 2",
    timeRatio: round(figures.timeRatio),
  });
}
