// The calls in attempts, and the day's figures from them.
import { expect, test } from "vitest";

import { readEvents } from "../client/sse.ts";
import { startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import { streamedAnswers } from "./streamed-answers.ts";

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

test("the header counts; if it is missing, the catalogue's figure counts and is marked", async () => {
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

test("failed attempts have their calls too, and a refusal costs nothing", async () => {
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

test("a call that a cancellation cut off is accounted for, although its attempt settles nothing", async () => {
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

/** Neurons of a million tokens, read and written, from the platform's price list (2026-10-09). */
const OF_GRANITE = [1542, 10_158] as const;
const OF_LARGE_LLAMA = [4119, 34_868] as const;
const priceOf = ([read, wrote]: readonly [number, number], inputTokens: number, outputTokens: number) =>
  (inputTokens * read + outputTokens * wrote) / 1e6;

// By hand: each prompt has 40 letters, which are 10 tokens. The scripted models name 100 tokens read and 2.5 neurons, unless they are unpriced.
test.each([
  ["its usage names the neurons", "tokens:7x0 priced ......................", {}, 2.5, 0],
  ["its usage names tokens alone", "tokens:7x0 unpriced ....................", {}, priceOf(OF_GRANITE, 100, 7), 1],
  [
    "of a larger model",
    "tokens:9x0 unpriced ....................",
    { tier: "accurate" },
    priceOf(OF_LARGE_LLAMA, 100, 9),
    1,
  ],
  ["it broke off after three tokens", "tokens:9x9 break:3 .....................", {}, priceOf(OF_GRANITE, 10, 3), 1],
  ["it was refused", "then-error:5006 ........................", {}, 0, 0],
])("a generated text costs what was read and written: %s", async (_, prompt, more, neurons, estimated) => {
  expect(prompt).toHaveLength(40);
  const body = JSON.stringify({ prompt, maxTokens: 100, ...more });
  const response = await darkroom.api("/v1/generate", {
    method: "POST",
    body,
    headers: { accept: "text/event-stream" },
  });
  await response.text();
  const cost = expect.closeTo(neurons, 9) as number;
  const [row, ...others] = await until(
    () => usageOf("operator"),
    (rows) => rows.length > 0,
  );
  expect(row).toMatchObject({ kind: "generate", calls: 1, neurons: cost, estimated: estimated === 0 ? 0 : cost });
  expect(others).toEqual([]);
  expect(await usageOf("*")).toEqual([row]);
});

test("the ledger has the cost of streams that clients left at random places, and nothing stays reserved", async () => {
  const { send } = streamedAnswers(darkroom, "generate");
  const random = seeded(20_261_130);
  const prompts = Array.from({ length: 16 }, (_, index) => `tokens:40x5 unpriced, left at random, number ${index}`);
  const left = await Promise.all(
    prompts.map(async (prompt) => {
      const leaveAfter = Math.floor(random() * 48);
      const leaving = new AbortController();
      const { body } = await send("/v1/generate", { prompt, maxTokens: 100 }, { signal: leaving.signal });
      let read = 0;
      const told: { readonly neurons: number }[] = [];
      for await (const { event, data } of readEvents(body!)) {
        if (event === "usage") told.push(JSON.parse(data) as { neurons: number });
        if (event === "message" && (read += 1) >= leaveAfter) break;
      }
      leaving.abort();
      return { prompt, read, told: told[0] };
    }),
  );
  const { DB } = darkroom.bindings();
  await until(
    async () => (await DB.prepare("SELECT count(*) AS n FROM reservations").first<{ n: number }>())!.n,
    (reserved) => reserved === 0,
  );
  const [row, ...others] = await usageOf("operator");
  expect(others).toEqual([]);
  expect(row!.calls).toBe(prompts.length);
  // A stream that was read to its end has told its cost. Of the others the ledger has between what was read and what was made.
  const { tokensMade } = await darkroom.modelCalls();
  const costOf = (share: (one: (typeof left)[number]) => number) => left.reduce((sum, one) => sum + share(one), 0);
  const inputTokens = ({ prompt }: { prompt: string }) => Math.ceil(prompt.length / 4);
  const least = costOf((one) => one.told?.neurons ?? priceOf(OF_GRANITE, inputTokens(one), one.read));
  // A model that had written everything has told its usage, even if the client did not read it.
  const atMost = (one: (typeof left)[number]) => {
    const made = tokensMade[one.prompt] ?? 0;
    return made < 40 ? priceOf(OF_GRANITE, inputTokens(one), made) : priceOf(OF_GRANITE, 100, 40);
  };
  const most = costOf((one) => one.told?.neurons ?? atMost(one));
  expect(row!.neurons).toBeGreaterThanOrEqual(least - 1e-9);
  expect(row!.neurons).toBeLessThanOrEqual(most + 1e-9);
  // Every neuron of an owner is one of the account's.
  expect(await usageOf("*")).toEqual([row]);
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
