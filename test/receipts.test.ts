// The cost of a job, item by item.
import { expect, test } from "vitest";

import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Item {
  readonly operation: string;
  readonly basis: string;
  readonly quantity: number;
  readonly usdPerMillion: number;
  readonly microUsd: number;
}

interface Receipt {
  readonly attempts: readonly {
    readonly task: string;
    readonly number: number;
    readonly outcome: string;
    readonly neurons: number;
    readonly calls: readonly Record<string, unknown>[];
  }[];
  readonly reused: { readonly jobId: string; readonly savedNeurons: number } | null;
  readonly operations: readonly Item[];
  readonly total: Record<"neurons" | "estimatedNeurons" | "modelMicroUsd" | "operationsMicroUsd" | "microUsd", number>;
}

async function receiptOf(id: string): Promise<Receipt> {
  const response = await darkroom.api(`/v1/jobs/${id}/receipt`);
  expect(response.status).toBe(200);
  return response.json<Receipt>();
}

const quantityOf = ({ operations }: Receipt, operation: string, basis: string) =>
  operations.find((item) => item.operation === operation && item.basis === basis)?.quantity;

test("each call has its line, each operation its price, and the total is their sum", async () => {
  const { id } = await darkroom.upload({ name: "a.wav" }, speech("zero one two"));
  await darkroom.untilJob(id);
  const receipt = await receiptOf(id);
  expect(receipt.attempts).toMatchObject([
    {
      task: "transcribe",
      outcome: "completed",
      neurons: 1.5,
      microUsd: 16.5,
      calls: [{ model: "@cf/openai/whisper-large-v3-turbo", neurons: 1.5, isEstimated: false, microUsd: 16.5 }],
    },
  ]);
  // Four artifacts are written. A small recording is read once, both for its plan and for its cut.
  expect(quantityOf(receipt, "r2ClassA", "counted")).toBe(4);
  expect(quantityOf(receipt, "r2ClassB", "counted")).toBe(1);
  // A message is written, read and deleted. So is the bucket's message about the upload.
  expect(quantityOf(receipt, "queueOperations", "counted")).toBe(1);
  expect(quantityOf(receipt, "queueOperations", "reckoned")).toBe(5);
  // A lease writes the task, its index, the job, and its place among the jobs of its state.
  expect(quantityOf(receipt, "d1RowsWritten", "counted")).toBe(4);
  expect(quantityOf(receipt, "d1RowsRead", "counted")).toBeGreaterThan(10);
  for (const item of receipt.operations) expect(item.microUsd).toBeCloseTo(item.quantity * item.usdPerMillion, 5);
  const operations = receipt.operations.reduce((sum, { microUsd }) => sum + microUsd, 0);
  expect(receipt.total).toMatchObject({ neurons: 1.5, estimatedNeurons: 0, modelMicroUsd: 16.5 });
  expect(receipt.total.operationsMicroUsd).toBeCloseTo(operations, 5);
  expect(receipt.total.microUsd).toBeCloseTo(16.5 + operations, 5);
});

test("a receipt has the failed attempt besides the other, and a message read for each", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:3043x1 an unpriced harbour" });
  const failed = await until(
    () => darkroom.readJob(id),
    ({ attempts }) => attempts.length === 1,
  );
  expect(failed.waiting).not.toBeNull();
  const { DB, TASKS } = darkroom.bindings();
  await DB.prepare(`UPDATE tasks SET scheduled_at = 0 WHERE job_id = ?1`).bind(id).run();
  await TASKS.send({ v: 1 });
  await darkroom.untilJob(id);
  const receipt = await receiptOf(id);
  expect(receipt.attempts).toMatchObject([
    { number: 1, outcome: "retry", neurons: 0, calls: [{ neurons: 0 }] },
    { number: 2, outcome: "completed", calls: [{ isEstimated: true }] },
  ]);
  expect(receipt.total.neurons).toBeCloseTo(172.8, 9);
  expect(receipt.total.estimatedNeurons).toBeCloseTo(172.8, 9);
  expect(quantityOf(receipt, "queueOperations", "counted")).toBe(2);
});

test("a long recording's receipt has every chunk, and adds up to what the day says", async () => {
  const words = Array.from({ length: 300 }, (_, index) => `w${index}`).join(" ");
  const { id } = await darkroom.upload({ name: "long.wav" }, speech(words));
  await darkroom.untilJob(id);
  const receipt = await receiptOf(id);
  const tasks = receipt.attempts.map(({ task }) => task);
  expect(tasks.filter((task) => task === "transcribe_chunk").length).toBeGreaterThan(2);
  expect([tasks[0], tasks.at(-1)]).toEqual(["transcribe", "join_transcript"]);
  const usage = await darkroom.api("/v1/usage");
  const { total } = await usage.json<{ total: { neurons: number } }>();
  expect(receipt.total.neurons).toBeCloseTo(total.neurons, 9);
});

test("a job that reuses a result costs nothing, and says what it saved", async () => {
  const request = { kind: "image_generation", prompt: "a harbour" };
  const first = await darkroom.submit(request);
  await darkroom.untilJob(first.id);
  const second = await darkroom.untilJob((await darkroom.submit(request)).id);
  const receipt = await receiptOf(second.id);
  expect(receipt).toMatchObject({
    attempts: [],
    reused: { jobId: first.id, savedNeurons: 1.5, savedMicroUsd: 16.5 },
    total: { neurons: 0, modelMicroUsd: 0 },
  });
  expect(receipt.total.operationsMicroUsd).toBeGreaterThan(0);
});

test("a receipt of another owner's job is 404, as for a job that does not exist", async () => {
  const { id } = await darkroom.submit({ kind: "classification", text: "a fine day" });
  for (const [path, key] of [
    [`/v1/jobs/${id}/receipt`, KEYS.other],
    ["/v1/jobs/none/receipt", KEYS.operator],
  ] as const) {
    const response = await darkroom.api(path, { key });
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([404, "job_not_found"]);
  }
  expect((await darkroom.api(`/v1/jobs/${id}/receipt?by=day`)).status).toBe(422);
});
