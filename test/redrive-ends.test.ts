// A bulk redrive that waits for its canary, and one that is cancelled.
import { expect, test } from "vitest";

import { createRedrive } from "../shared/db/redrives/redrives.ts";
import { startDarkroom, until } from "./harness.ts";
import { ALL, expectProblem, numbered, type Redrive, redriving } from "./redriving.ts";

const darkroom = startDarkroom();
const { letters, read, redrive, untilRedrive, count } = redriving(darkroom);

test("a canary that completes lets the rest follow", async () => {
  const jobs = await letters(["sleep:1500 canary", ...numbered(3)]);
  const made = await redrive({ ...ALL, canary: true, ratePerSecond: 100 });
  expect(made).toMatchObject({ state: "canary", canary: `dl_${jobs[0]!}.generate_image.1` });
  await darkroom.untilJob(jobs[0]!, ({ state }) => state === "running");
  await darkroom.maintain();
  expect(await read(made.id)).toMatchObject({ state: "canary", progress: { pending: 3, redriven: 1, running: 1 } });
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "completed", progress: { redriven: 4, completed: 4 } });
});

test("a canary that fails again stops the rest, which is free again", async () => {
  const jobs = await letters(["error:3010 canary", ...numbered(3)]);
  const made = await redrive({ ...ALL, canary: true });
  await darkroom.untilJob(jobs[0]!, ({ attempts }) => attempts.length === 2);
  const stopped = await untilRedrive(made.id, ({ state }) => state !== "canary");
  expect(stopped).toMatchObject({ state: "stopped", progress: { redriven: 1, failed: 1, pending: 0, released: 3 } });
  expect(stopped.reason).toMatch(/failed again: unsupported_audio: .*scripted failure/);
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(4);
  type Audit = { audit: { act: string; actor: string }[] };
  const { audit } = await (await darkroom.api(`/v1/audit?subject=${made.id}`)).json<Audit>();
  expect(audit.map(({ act, actor }) => `${act} by ${actor}`)).toEqual([
    "redrive.stop by system",
    "redrive.create by key:operator",
  ]);
  const told = darkroom.logs().filter(({ message }) => message.includes(`"redriveId":"${made.id}"`));
  expect(told.map(({ message }) => (JSON.parse(message) as { event: string }).event)).toEqual([
    "redrive.created",
    "redrive.stopped",
    "redrive.ended",
  ]);
});

test("if the canary cannot go first, another letter does", async () => {
  const { DB } = darkroom.bindings();
  const [gone, closed, first] = await letters(numbered(4));
  // It is created without its first step, so that the canary is lost before the redrive checks it.
  const wanted = { filter: { all: true as const }, limit: 10, ratePerSecond: 100, canary: true };
  const id = await createRedrive(DB, wanted, { ownerId: "operator", actor: "key:operator" }, Date.now());
  await DB.prepare("UPDATE jobs SET state = 'cancelled', error_code = NULL WHERE id = ?1").bind(gone!).run();
  await darkroom.post(`/v1/dead-letters/dl_${closed!}.generate_image.1/discard`, { note: "not this one" });
  await darkroom.maintain();
  expect((await read(id!)).canary).toBe(`dl_${first!}.generate_image.1`);
  const ended = await untilRedrive(id!, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "completed", progress: { matched: 4, redriven: 2, skipped: 2 } });
});

test("a cancellation releases letters that are not due yet, and running tasks continue", async () => {
  const jobs = await letters(["sleep:4000 runs", ...numbered(100)]);
  const made = await redrive({ ...ALL, ratePerSecond: 1 });
  await darkroom.untilJob(jobs[0]!, ({ state }) => state === "running");
  await until(
    () => count("tasks WHERE state = 'available'"),
    (waiting) => waiting !== null && waiting > 50,
  );
  const cancel = () => darkroom.api(`/v1/redrives/${made.id}`, { method: "DELETE" });
  const response = await cancel();
  expect(response.status).toBe(200);
  const cancelled = await response.json<Redrive>();
  const { redriven, released, pending } = cancelled.progress;
  expect(cancelled.state).toBe("cancelled");
  expect(redriven).toBeLessThan(10);
  expect([pending, redriven + released]).toEqual([0, 101]);
  expect(await count("dead_letters WHERE redriven_at IS NULL AND redrive_id IS NULL")).toBe(released);
  expect(await count("jobs WHERE state = 'failed'")).toBe(released);
  // Jobs that were queued for the redrive and did not run have failed again, and the journal records it.
  const told = (event: string) =>
    darkroom
      .logs()
      .filter(({ message }) => message.startsWith(`{"event":"${event}"`) && jobs.some((id) => message.includes(id)));
  const queued = told("job.queued").filter(({ message }) => message.includes('"redriven"'));
  expect(queued.length).toBeGreaterThan(50);
  const failed = await until(
    async () => told("job.failed"),
    (lines) => lines.length >= queued.length - redriven,
  );
  expect(failed).toHaveLength(queued.length - redriven);
  expect((await cancel()).status).toBe(200);
  const ended = await untilRedrive(made.id, ({ finishedAt }) => finishedAt !== null);
  expect(ended).toMatchObject({ state: "cancelled", progress: { redriven, completed: redriven, released } });
  expect((await darkroom.readJob(jobs[0]!)).state).toBe("completed");
  const { audit } = await (await darkroom.api(`/v1/audit?act=redrive.cancel`)).json<{ audit: unknown[] }>();
  expect(audit).toHaveLength(1);
  // Another redrive can redrive the released letters.
  const again = await redrive({ ...ALL, ratePerSecond: 100 });
  expect(again.progress.matched).toBe(released);
  const finished = await untilRedrive(again.id, ({ finishedAt }) => finishedAt !== null);
  expect(finished.progress.completed).toBe(released);
  await expectProblem(
    await darkroom.api(`/v1/redrives/${again.id}`, { method: "DELETE" }),
    409,
    "redrive_finished",
    /is already completed/,
  );
});
