import { expect, test, vi } from "vitest";

import { sendMessage } from "../shared/redrives/advance-redrives.ts";
import { intakeOf } from "../shared/jobs/intake.ts";
import { createJournal } from "../shared/jobs/journal.ts";
import type { TaskMessage } from "../shared/jobs/task.ts";
import { wake } from "../shared/jobs/wake.ts";
import { startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();

type Line = Record<string, unknown> & { event: string };

/** Return the lines that contain this, as programs read them. Lines that are not JSON are left out. */
function linesOf(text: string): Line[] {
  return darkroom.logs().flatMap(({ message }) => {
    if (!message.startsWith("{") || !message.includes(text)) return [];
    return JSON.parse(message) as Line;
  });
}

async function eventsOf(jobId: string, last: string): Promise<Line[]> {
  const lines = await until(
    async () => linesOf(jobId),
    (found) => found.some(({ event }) => event === last),
  );
  // Long enough for an unwanted line to appear.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return lines.length === linesOf(jobId).length ? lines : linesOf(jobId);
}

const names = (lines: Line[]) => lines.map(({ event }) => event);

test("a job that fails once and completes leaves one line a change of state", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:3043x1 secretwords" });
  await darkroom.untilJob(id, ({ waiting }) => waiting !== null);
  await darkroom.bindings().DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0").run();
  await darkroom.maintain();
  await darkroom.untilJob(id);
  const lines = await eventsOf(id, "job.completed");
  expect(names(lines)).toEqual([
    "job.queued",
    "task.leased",
    "task.retry",
    "task.leased",
    "task.completed",
    "job.completed",
  ]);
  const task = { jobId: id, taskId: `${id}.generate_image`, kind: "generate_image" };
  const call = { model: "@cf/black-forest-labs/flux-1-schnell", engine: "workers-ai" };
  const time = expect.any(Number) as number;
  expect(lines[0]).toEqual({
    event: "job.queued",
    kind: "image_generation",
    jobId: id,
    taskId: task.taskId,
    ownerId: "operator",
    requestId: expect.stringMatching(/^req_/),
  });
  expect(lines[1]).toEqual({ event: "task.leased", ...task, attempt: 1, queuedMs: time });
  expect(lines[3]).toEqual({ event: "task.leased", ...task, attempt: 2 });
  expect(lines[2]).toEqual({
    event: "task.retry",
    ...task,
    ...call,
    attempt: 1,
    durationMs: time,
    delayMs: time,
    neurons: 0,
    code: "model_failed",
  });
  expect(lines[4]).toEqual({ event: "task.completed", ...task, ...call, attempt: 2, durationMs: time, neurons: 1.5 });
  expect(lines[5]).toEqual({
    event: "job.completed",
    kind: "image_generation",
    jobId: id,
    ownerId: "operator",
    queuedMs: time,
    durationMs: time,
  });
  expect(darkroom.logs().filter(({ message }) => message.includes("secretwords"))).toEqual([]);
});

test("a job that is discarded, is cancelled or loses its consumer leaves one line a change of state too", async () => {
  const failed = await darkroom.submit({ kind: "classification", text: "error:5004 secretwords" });
  expect((await darkroom.untilJob(failed.id)).state).toBe("failed");
  const failing = await eventsOf(failed.id, "job.failed");
  expect(names(failing)).toEqual(["job.queued", "task.leased", "task.discard", "job.failed"]);
  expect(failing.slice(-2)).toMatchObject([{ code: "invalid_model_input" }, { code: "invalid_model_input" }]);

  await darkroom.post("/v1/queues/classification/pause", {});
  const cancelled = await darkroom.submit({ kind: "classification", text: "secretwords" });
  for (let time = 0; time < 2; time += 1) await darkroom.api(`/v1/jobs/${cancelled.id}/cancel`, { method: "POST" });
  expect(names(await eventsOf(cancelled.id, "job.cancelled"))).toEqual([
    "job.queued",
    "task.cancelled",
    "job.cancelled",
  ]);

  const lost = await darkroom.submit({ kind: "classification", text: "lost secretwords" });
  await darkroom
    .bindings()
    .DB.prepare(
      "UPDATE tasks SET state = 'running', lost = 2, lost_alone = 2, lease_id = 'dead', leased_at = 1, check_at = 1 WHERE job_id = ?1",
    )
    .bind(lost.id)
    .run();
  for (let run = 0; run < 2; run += 1) await darkroom.maintain();
  expect(names(await eventsOf(lost.id, "job.failed"))).toEqual(["job.queued", "task.lost", "job.failed"]);
  expect(darkroom.logs().filter(({ message }) => message.includes("secretwords"))).toEqual([]);
});

test("an upload, an undelivered message, a pause and each maintenance run have one line", async () => {
  const { event } = await darkroom.putAndAnnounce("inbox/note.txt", "a fine harbour");
  await darkroom.bindings().UPLOADS.send(event);
  await darkroom.putAndAnnounce("inbox/zero.bin", "\u0000");
  const countOf = (name: string, text = "") =>
    darkroom.logs().filter(({ message }) => message.startsWith(`{"event":"${name}"`) && message.includes(text)).length;
  await until(
    async () => [countOf("upload.known", "note.txt"), countOf("upload.ignored", "zero.bin")],
    (counts) => counts.every((count) => count === 1),
  );
  expect(countOf("job.queued", "note.txt")).toBe(1);

  await darkroom.post("/v1/queues/image_generation/pause", { note: "too dear" });
  await darkroom.post("/v1/queues/image_generation/pause", {});
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "poison" });
  await darkroom.giveUpOn({ v: 1 });
  await until(
    async () => countOf("messages.buried"),
    (count) => count === 1,
  );
  expect(names(await eventsOf(id, "job.queued"))).toEqual(["job.queued"]);
  for (let time = 0; time < 2; time += 1) await darkroom.post("/v1/queues/image_generation/resume", {});
  const runs = countOf("maintenance.ran");
  await darkroom.maintain();
  await until(
    async () => countOf("kind.resumed", "image_generation"),
    (count) => count > 0,
  );
  expect([countOf("kind.paused", "too dear"), countOf("kind.resumed", "image_generation")]).toEqual([1, 1]);
  await until(
    async () => countOf("maintenance.ran"),
    (count) => count === runs + 1,
  );
});

test("a point carries names and numbers only, and there are 250 an invocation at most", () => {
  const points: AnalyticsEngineDataPoint[] = [];
  const journal = createJournal({ EVENTS: { writeDataPoint: (point) => void points.push(point!) } });
  journal.record({ event: "upload.known", jobId: "job_1", ownerId: "me" }, { key: "inbox/my diary.mp3" });
  journal.fault({ event: "settle.failed" }, new Error("in my diary"), { tasks: 3 });
  journal.record({ event: "task.opened", taskId: "job_1.chunk" });
  journal.record({ event: "task.completed", kind: "classify", taskId: "t", model: "m", engine: null, neurons: 2 });
  expect(points).toHaveLength(3);
  expect(JSON.stringify(points)).not.toContain("diary");
  expect(points[2]).toEqual({
    indexes: ["classify"],
    blobs: ["task.completed", "classify", "", "t", "", "m", "", ""],
    doubles: [0, 0, 0, 2, 0],
  });
  for (let run = 0; run < 300; run += 1) journal.record({ event: "maintenance.ran" });
  expect(points).toHaveLength(250);
});

test("events without a job are lines of JSON too, and quote no word of a message", async () => {
  const { TASKS } = darkroom.bindings();
  await TASKS.send({ v: 0, secretwords: "secretwords" });
  await darkroom.giveUpOn({ v: 1 });
  const told = async (event: string) =>
    until(
      async () => linesOf(`"${event}"`)[0],
      (line) => line !== undefined,
    );
  const messageId = expect.any(String) as string;
  const quarantined = { code: "malformed_message", queue: "media-tasks", messageId };
  expect(await told("message.quarantined")).toEqual({ event: "message.quarantined", ...quarantined });
  expect(await told("messages.buried")).toEqual({ event: "messages.buried", tasks: 1, others: 0 });
  expect(darkroom.logs().filter(({ message }) => message.includes("secretwords"))).toEqual([]);
});

test("a message that the queue refuses is a line of JSON", async () => {
  const env = darkroom.bindings();
  const printed: unknown[] = [];
  const print = (...line: unknown[]) => void printed.push(line.length === 1 ? line[0] : line);
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  for (const spy of spies) spy.mockImplementation(print);
  try {
    const deps = { ...intakeOf(env), uploads: env.UPLOADS };
    // Our messages are never too long for the real one.
    const full = { sendBatch: () => Promise.reject(new Error("Queue is overloaded")) };
    await wake(full as unknown as Queue<TaskMessage>, ["job_1.classify"]);
    // This is longer than the limit of a message.
    const tooLong = "x".repeat(200_000);
    const message = { id: "dl_1", body: JSON.stringify(tooLong), delaySeconds: 0 };
    const by = { actor: { ownerId: "operator", actor: "test" }, now: 1 };
    expect(await sendMessage(message, deps, by)).toBe(false);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  expect(printed.map((line) => JSON.parse(String(line)) as Line)).toMatchObject([
    { event: "wake.failed", tasks: 1, error: expect.any(String) as string },
    { event: "redrive.unsent", ownerId: "operator", deadLetterId: "dl_1", error: expect.any(String) as string },
  ]);
});

test("a request's id is in its answer and in its lines: the client's own, or a new one", async () => {
  const submit = async (id: string) => {
    const body = JSON.stringify({ kind: "classification", text: "named" });
    const response = await darkroom.api("/v1/jobs", { method: "POST", body, headers: { "x-request-id": id } });
    const named = response.headers.get("x-request-id")!;
    const job = await response.json<{ id: string }>();
    const [line] = await until(
      async () => linesOf(job.id).filter(({ event }) => event === "job.queued"),
      (found) => found.length > 0,
    );
    expect(line?.["requestId"]).toBe(named);
    return named;
  };
  expect(await submit("trace-7/a.b")).toBe("trace-7/a.b");
  for (const unfit of ["", "two words", "x".repeat(101)]) expect(await submit(unfit)).toMatch(/^req_[0-9a-f]{32}$/);
  for (const path of ["/openai/v1/models", "/openai/v1/none", "/replicate/v1/models", "/v1/none", "/healthz", "/"]) {
    for (const key of [undefined, null]) {
      const response = await darkroom.api(path, { headers: { "x-request-id": "mine" }, ...(key === null && { key }) });
      expect([path, response.headers.get("x-request-id")]).toEqual([path, "mine"]);
    }
  }
});
