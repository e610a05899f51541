// The judge of the kill test must be able to fail a run.
import { expect, test } from "vitest";

import { labelsOf } from "../bench/kill/answers.ts";
import type { Client } from "../bench/kill/client.ts";
import type { CaughtTask } from "../bench/kill/disk.ts";
import { judgeBill, judgeJobs, type Kill } from "../bench/kill/judge.ts";
import { planWork, type Work } from "../bench/kill/work.ts";
import type { JobView } from "./views.ts";

const [work] = planWork(1) as [Work];
const job = {
  id: "job_1",
  state: "completed",
  finishedAt: "2026-11-23T00:00:00.000Z",
  input: { text: work.question },
  attempts: [],
  error: null,
} as unknown as JobView;
const caught: CaughtTask = {
  id: "job_1.classify",
  jobId: "job_1",
  kind: "classify",
  args: JSON.stringify(job.input),
  isStored: false,
};

function answered(...times: readonly number[]) {
  return times.map((askedAt) => ({ model: "m", question: work.question ?? "", askedAt, deliveredAt: askedAt + 1 }));
}

function killAt(killedAt: number, tasks: readonly CaughtTask[]): Kill {
  return { startedAt: killedAt - 100, killedAt, caught: tasks };
}

function judge(jobs: readonly JobView[], artifact: string, kills: readonly Kill[] = []) {
  const client = { readJobs: async () => jobs, readArtifact: async () => Buffer.from(artifact) } as unknown as Client;
  return judgeJobs(client, [{ work, accepted: { jobId: "job_1", tries: 1 } }], kills);
}

test("an answer bought again is excused only by a kill that found its task unsettled", () => {
  const twice = answered(50, 150);
  expect(judgeBill(twice, [job], [work], [killAt(100, [caught])])).toMatchObject({ double_billed: 0, bought_again: 1 });
  expect(judgeBill(twice, [job], [work], [killAt(100, [])])).toMatchObject({ double_billed: 1, bought_again: 1 });
  // The kill hit the task, but before its call to the model.
  expect(judgeBill(answered(150, 160), [job], [work], [killAt(100, [caught])]).double_billed).toBe(1);
  const stored = [killAt(100, [{ ...caught, isStored: true }])];
  expect(judgeBill(twice, [job], [work], stored).bought_though_stored).toBe(1);
});

test("a job that is gone, unended, wrong or failed is counted as that, killed five times or not", async () => {
  const right = { lost: 0, wrong_result: 0 };
  const labels = JSON.stringify({ labels: labelsOf(work.question ?? "") });
  expect(await judge([job], labels)).toMatchObject({ ...right, completed: 1 });
  expect(await judge([], labels)).toMatchObject({ lost: 1 });
  expect(await judge([{ ...job, state: "running", finishedAt: null }], labels)).toMatchObject({ lost: 1 });
  expect(await judge([job], '{"labels":[]}')).toMatchObject({ wrong_result: 1 });
  const failed: JobView = { ...job, state: "failed", error: { code: "worker_lost", message: "" } };
  const kills = Array.from({ length: 5 }, (_, index) => killAt(index * 1000, [caught]));
  expect(await judge([failed], labels, kills)).toMatchObject({ failed: { worker_lost: 1 }, wrong_result: 1 });
});
