// The calls in attempts, and the day's figures from them.
import { expect, test } from "vitest";

import { startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const PICTURE = { kind: "image_generation", options: { steps: 4 } } as const;

async function usageOf(ownerId: string) {
  const { results } = await darkroom
    .bindings()
    .DB.prepare(
      `SELECT kind, model, calls, neurons, estimated_neurons AS estimated FROM usage_days WHERE owner_id = ?1`,
    )
    .bind(ownerId)
    .all<{ kind: string; model: string; calls: number; neurons: number; estimated: number }>();
  return results;
}

test("the header is the truth; where it is missing the catalogue's figure stands, and is marked", async () => {
  const priced = await darkroom.submit({ ...PICTURE, prompt: "a priced harbour" });
  const unpriced = await darkroom.submit({ ...PICTURE, prompt: "an unpriced harbour" });
  const [told, estimated] = [await darkroom.untilJob(priced.id), await darkroom.untilJob(unpriced.id)];
  const units = { pictures: 1, tiles: 4, steps: 4, furtherMegapixels: 0 };
  expect(told.attempts[0]!.calls).toMatchObject([{ neurons: 1.5, isEstimated: false, units }]);
  // 4 tiles × (4.80 + 9.60 × 4 steps), as in the header that users see.
  expect(estimated.attempts[0]).toMatchObject({ calls: [{ isEstimated: true, units }] });
  expect(estimated.attempts[0]!.neurons).toBeCloseTo(172.8, 9);
  for (const owner of ["operator", "*"]) {
    expect(await usageOf(owner)).toEqual([
      {
        kind: "image_generation",
        model: "@cf/black-forest-labs/flux-1-schnell",
        calls: 2,
        neurons: expect.closeTo(174.3, 9) as number,
        estimated: expect.closeTo(172.8, 9) as number,
      },
    ]);
  }
});

test("a recording is billed by the seconds that the model says it transcribed", async () => {
  const job = await darkroom.upload({ name: "a.wav" }, speech("zero one two three"));
  const { attempts } = await darkroom.untilJob(job.id);
  const [call] = attempts[0]!.calls;
  expect(call!.units["audioSeconds"]).toBeGreaterThan(1);
  expect(call).toMatchObject({ model: "@cf/openai/whisper-large-v3-turbo", neurons: 1.5 });
  expect(call!.durationMs).toBeGreaterThanOrEqual(0);
});

test("attempts that fail say what they asked for as well, and a refusal costs nothing", async () => {
  const job = await darkroom.submit({ kind: "classification", text: "error:3040x1 a fine day" });
  await until(
    () => darkroom.readJob(job.id),
    ({ attempts }) => attempts.length === 1,
  );
  const { attempts } = await darkroom.readJob(job.id);
  expect(attempts[0]).toMatchObject({
    outcome: "snooze",
    neurons: 0,
    calls: [{ model: "@cf/huggingface/distilbert-sst-2-int8", neurons: 0, units: { inputTokens: 6 } }],
  });
  expect(await usageOf("operator")).toMatchObject([{ calls: 1, neurons: 0 }]);
});

test("a call that was cut off by a cancel is accounted for, though its attempt settles nothing", async () => {
  const job = await darkroom.submit({ ...PICTURE, prompt: "sleep:20000 a slow harbour" });
  await darkroom.untilJob(job.id, ({ state }) => state === "running");
  await until(
    () => darkroom.modelCalls(),
    ({ calls }) => calls["sleep:20000 a slow harbour"] === 1,
  );
  await darkroom.api(`/v1/jobs/${job.id}/cancel`, { method: "POST" });
  const { attempts } = await darkroom.untilJob(job.id, (now) => (now.attempts[0]?.calls.length ?? 0) > 0);
  // There was no answer, but the model may have run.
  expect(attempts).toMatchObject([{ outcome: "cancelled", calls: [{ engine: null, isEstimated: true }] }]);
  expect(attempts[0]!.neurons).toBeCloseTo(172.8, 9);
  expect(await usageOf("operator")).toMatchObject([{ calls: 1, neurons: attempts[0]!.neurons }]);
});

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const SAYS = '<<["a harbour"]>>';

async function write(prompt: string, options: object = {}) {
  const { id } = await darkroom.submit({ kind: "text_generation", prompt, options });
  const job = await darkroom.untilJob(id);
  return job.attempts.flatMap(({ calls }) => calls);
}

test("a text is billed by the header, or by the tokens that the answer names", async () => {
  const units = { inputTokens: 20, outputTokens: 7 };
  expect(await write(`priced ${SAYS}`)).toMatchObject([{ model: GRANITE, neurons: 1.5, isEstimated: false, units }]);
  // 20 × 1,542 and 7 × 10,158 millionths.
  const [fast] = await write(`unpriced ${SAYS}`);
  expect(fast).toMatchObject({ isEstimated: true, units });
  expect(fast?.neurons).toBeCloseTo(0.101946, 9);
  // 20 × 4,119 and 7 × 34,868 millionths.
  const [accurate] = await write(`unpriced accurate ${SAYS}`, { tier: "accurate" });
  expect(accurate?.neurons).toBeCloseTo(0.326456, 9);
  const usage = await usageOf("operator");
  expect(usage.filter(({ kind }) => kind === "text_generation").map(({ calls }) => calls)).toEqual([2, 1]);
});

test("JSON that is asked for twice is billed twice, and a refused JSON mode costs nothing", async () => {
  const jsonSchema = { type: "object", required: ["harbour"] };
  const twice = await write('unpriced <<["no", "{\\"harbour\\": 1}"]>>', { jsonSchema });
  expect(twice.map(({ neurons }) => neurons)).toEqual([expect.closeTo(0.101946, 9), 1.5]);
  const refused = await write('no-json-mode <<["{\\"harbour\\": 2}"]>>', { jsonSchema });
  expect(refused.map(({ neurons }) => neurons)).toEqual([0, 1.5]);
});

test("a text that was cancelled is billed for what the model may have written", async () => {
  const prompt = "then-sleep:20000 a slow text";
  const job = await darkroom.submit({ kind: "text_generation", prompt, options: { maxTokens: 100 } });
  await until(
    () => darkroom.modelCalls(),
    ({ calls }) => calls[prompt] === 1,
  );
  await darkroom.api(`/v1/jobs/${job.id}/cancel`, { method: "POST" });
  const { attempts } = await darkroom.untilJob(job.id, (now) => (now.attempts[0]?.calls.length ?? 0) > 0);
  // 28 characters are 7 tokens: 7 × 1,542 and 100 × 10,158 millionths.
  expect(attempts[0]?.neurons).toBeCloseTo(1.026594, 9);
});
