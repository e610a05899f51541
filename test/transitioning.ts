// Actions of consumers and clients on jobs, called in the same way, at a time that the test chooses.
import { cancelJob, insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { redriveTask } from "../shared/db/redrives/letters.ts";
import { type Settled, settleTasks } from "../shared/db/tasks/settle.ts";
import { stopJobs, tooLate } from "../shared/db/jobs/stop-jobs.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { Outcome } from "../shared/jobs/outcome.ts";
import type { Task } from "../shared/jobs/task.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import type { startDarkroom } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

/** A time ahead, at which the consumer next to these tests finds nothing due. */
export const START = 1_900_000_000_000;
export const LEASE_MS = 1000;
export const ACTOR = { ownerId: "operator", actor: "key:test" };
export const FAILURE = { code: "model_failed", message: "broken" };
export const OUTCOMES = {
  completed: { type: "completed" },
  discard: { type: "discard", failure: FAILURE },
} as const satisfies Record<string, Outcome>;

export type Leased = Pick<Task, "id" | "leaseId">;

export function transitioning(darkroom: ReturnType<typeof startDarkroom>) {
  const clock = { now: START };
  const db = () => darkroom.bindings().DB;

  /** @returns the number of new tasks. */
  async function insert(id: string, { text = id, reuse = false } = {}): Promise<number> {
    const work = JobWork.parse({ kind: "classification", input: { text, options: {} } });
    const about = { id, ownerId: "operator", createdAt: START };
    const job = await newJob(work, { ...DEFAULT_TERMS, reuse }, about);
    return (await insertJobs(db(), { jobs: [job], uploads: [] }, clock.now)).tasks.length;
  }

  async function lease(limit = 1): Promise<readonly Task[]> {
    return leaseTasks(db(), { id: crypto.randomUUID(), now: clock.now, leaseMs: LEASE_MS, limit, callsAMinute: {} });
  }

  async function settleAll(tasks: readonly Leased[], outcome: Outcome, lost = false): Promise<Settled> {
    const at = { calls: [], isBudgeted: false, startedAt: clock.now, finishedAt: clock.now };
    const attempts = tasks.map(({ id, leaseId }) => ({ taskId: id, leaseId, outcome, lost, ...at }));
    return settleTasks(db(), attempts, { now: clock.now });
  }

  /** @returns 1 if it took effect. */
  async function settle(task: Leased, outcome: Outcome, lost = false): Promise<number> {
    return (await settleAll([task], outcome, lost)).settled.size;
  }

  const cancel = (id: string) => cancelJob(db(), id, ACTOR, clock.now);
  const stop = (id: string) => stopJobs(db(), [tooLate(id, { isStarted: true })], clock.now);

  /** Redrive the latest letter by hand, whatever its state. */
  async function redrive(): Promise<boolean> {
    const letter = await db()
      .prepare("SELECT id, task_id AS taskId FROM dead_letters ORDER BY created_at DESC LIMIT 1")
      .first<{ id: string; taskId: string }>();
    if (letter === null) return false;
    const redriven = { ...letter, scheduledAt: clock.now };
    return (
      (await redriveTask(db(), redriven, { now: clock.now, actor: ACTOR, options: undefined })).redriven.length > 0
    );
  }

  /** Return the state of the only job. */
  async function state(): Promise<{ job: string; task: string; attempts: number; letters: number }> {
    const row = await db()
      .prepare(
        `SELECT j.state AS job, t.state AS task, (SELECT count(*) FROM attempts) AS attempts,
                (SELECT count(*) FROM dead_letters WHERE redriven_at IS NULL) AS letters
           FROM jobs j JOIN tasks t ON t.job_id = j.id`,
      )
      .first<{ job: string; task: string; attempts: number; letters: number }>();
    if (row === null) throw new Error("the job is gone");
    return row;
  }

  return { clock, insert, lease, settleAll, settle, cancel, stop, redrive, state };
}
