// Makes many dead letters, and redrives of them.
import { expect } from "vitest";

import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { leaseTasks } from "../shared/db/tasks/leases.ts";
import { settleTasks } from "../shared/db/tasks/settle.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { type startDarkroom, until } from "./harness.ts";
import { JobWork } from "../shared/kinds/index.ts";

export interface Redrive {
  id: string;
  state: string;
  reason: string | null;
  canary: string | null;
  progress: Record<
    "matched" | "pending" | "redriven" | "skipped" | "released" | "running" | "completed" | "failed" | "cancelled",
    number
  >;
  finishedAt: string | null;
}

/** A time at which only a test finds anything due, and no other consumer. */
const AHEAD = 1_900_000_000_000;

export const ALL = { filter: { all: true } };
export const numbered = (length: number, prompt = "fine") => Array.from({ length }, (_, index) => `${prompt} ${index}`);

export function redriving(darkroom: ReturnType<typeof startDarkroom>) {
  /** Make letters of jobs that failed for good, the oldest first. `prompts` decide the result of the next attempt. */
  async function letters(prompts: readonly string[], ownerId = "operator", failedAt = Date.now()): Promise<string[]> {
    const { DB } = darkroom.bindings();
    const terms = { ...DEFAULT_TERMS, reuse: false };
    const jobs = await Promise.all(
      prompts.map(async (prompt, index) => {
        const work = JobWork.parse({ kind: "image_generation", input: { prompt, options: {} } });
        const id = `job_${crypto.randomUUID().replaceAll("-", "")}`;
        return newJob(work, terms, { id, ownerId, createdAt: failedAt - 1000 + index });
      }),
    );
    const ids = jobs.map(({ taskId }) => taskId);
    // Make them due, in the same transaction, at a time for this test only: a message of the previous test may still wake the consumer.
    const ahead = DB.prepare("UPDATE tasks SET scheduled_at = ?2 WHERE id IN (SELECT value FROM json_each(?1))");
    const alongside = [ahead.bind(JSON.stringify(ids), AHEAD)];
    await insertJobs(DB, { jobs, uploads: [], alongside }, failedAt);
    const lease = { id: crypto.randomUUID(), now: AHEAD, leaseMs: 1000, limit: ids.length, callsAMinute: {} };
    const tasks = await leaseTasks(DB, lease);
    expect(tasks).toHaveLength(ids.length);
    const started = DB.prepare("UPDATE jobs SET started_at = ?2 WHERE id IN (SELECT value FROM json_each(?1))");
    await started.bind(JSON.stringify(jobs.map(({ id }) => id)), failedAt - prompts.length).run();
    const failure = { code: "unsupported_audio", message: "broken" };
    for (const task of tasks.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))) {
      const now = failedAt - prompts.length + ids.indexOf(task.id);
      const ended = {
        taskId: task.id,
        leaseId: task.leaseId,
        calls: [],
        isBudgeted: false,
        startedAt: now,
        finishedAt: now,
      };
      await settleTasks(DB, [{ ...ended, outcome: { type: "discard", failure } }], { now });
    }
    return jobs.map(({ id }) => id);
  }

  const read = async (id: string) => (await darkroom.api(`/v1/redrives/${id}`)).json<Redrive>();

  async function redrive(body: object): Promise<Redrive> {
    const response = await darkroom.post("/v1/redrives", body);
    expect(response.status).toBe(202);
    const made = await response.json<Redrive>();
    expect(response.headers.get("location")).toMatch(new RegExp(`/v1/redrives/${made.id}$`));
    return made;
  }

  /** Run maintenance repeatedly until the redrive meets a condition. */
  async function untilRedrive(id: string, isDone: (redrive: Redrive) => boolean): Promise<Redrive> {
    return until(async () => {
      await darkroom.maintain();
      return read(id);
    }, isDone);
  }

  async function count(where: string): Promise<number | null> {
    return darkroom.bindings().DB.prepare(`SELECT count(*) AS n FROM ${where}`).first<number>("n");
  }

  return { letters, read, redrive, untilRedrive, count };
}

/** Expect a problem with this code and this detail. */
export async function expectProblem(response: Response, status: number, code: string, detail: RegExp): Promise<void> {
  const body = await response.json<{ code: string; detail: string }>();
  expect({ status: response.status, ...body }).toMatchObject({
    status,
    code,
    detail: expect.stringMatching(detail) as string,
  });
}
