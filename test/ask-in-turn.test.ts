// If the model for a question was withdrawn, is forbidden or has no capacity, another model answers.
import { beforeEach, expect, test } from "vitest";

import { readEvents } from "../client/sse.ts";
import { textModelsFrom } from "../producer/generate/ask-in-turn.ts";
import { startDarkroom, until } from "./harness.ts";
import { expectProblem } from "./redriving.ts";

const darkroom = startDarkroom();

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const LLAMA = "@cf/meta/llama-3.2-3b-instruct";
const LARGE_LLAMA = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";

let id: string;
beforeEach(async () => {
  id = (await darkroom.submit({ kind: "classification", text: "the harbour\nopens at nine", reuse: false })).id;
  await darkroom.untilJob(id);
});

const ask = (question: string, accept = "text/event-stream", tier = "fast") =>
  darkroom.api(`/v1/jobs/${id}/ask`, {
    method: "POST",
    headers: { accept },
    body: JSON.stringify({ question, tier }),
  });

/** Return the model that answered and the cost, as the answer gives them. */
async function answered(response: Response): Promise<{ model: string; neurons: number; text: string }> {
  expect(response.status).toBe(200);
  if (response.headers.get("content-type") === "application/json") {
    const { model, neurons, answer } = await response.json<{ model: string; neurons: number; answer: string }>();
    return { model, neurons, text: answer };
  }
  const events: { event: string; data: Record<string, unknown> }[] = [];
  for await (const { event, data } of readEvents(response.body!)) events.push({ event, data: JSON.parse(data) });
  expect(events.map(({ event }) => event)).toEqual(["start", "message", "message", "message", "usage", "done"]);
  const { model, neurons, text } = Object.assign({}, ...events.map(({ data }) => data));
  return { model, neurons, text };
}

async function usage(rows: number) {
  return until(
    async () => {
      const { results } = await darkroom
        .bindings()
        .DB.prepare(
          "SELECT model, calls, neurons FROM usage_days WHERE kind = 'ask' AND owner_id = 'operator' ORDER BY model",
        )
        .all<{ model: string; calls: number; neurons: number }>();
      return results;
    },
    (results) => results.length === rows,
  );
}

const unusable = (since: number) =>
  darkroom
    .logs()
    .slice(since)
    .filter(({ message }) => message.includes('"model.unusable"'))
    .map(({ message }) => JSON.parse(message) as Record<string, unknown>);

test.each([
  ["withdrawn", "gone:granite", "model_withdrawn"],
  ["unknown", "denied:5007:granite", "no_such_model"],
  ["forbidden", "denied:3041:granite", "account_blocked"],
  ["not agreed to", "denied:5016:granite", "model_agreement_required"],
  ["busy", "busy:granite", null],
])("a question whose model is %s is answered by the next, and only that one is paid", async (_what, script, code) => {
  const logged = darkroom.logs().length;
  for (const [accept, neurons] of [
    ["text/event-stream", 2.5],
    ["application/json", 1.5],
  ] as const) {
    const beganAt = Date.now();
    expect(await answered(await ask(`When? ${script}`, accept))).toMatchObject({ model: LLAMA, neurons });
    // It did not wait in the platform's queue, which takes 20 s.
    expect(Date.now() - beganAt).toBeLessThan(15_000);
  }
  await until(
    () => usage(2),
    (rows) => rows.every(({ calls }) => calls === 2),
  );
  expect(await usage(2)).toEqual([
    { model: GRANITE, calls: 2, neurons: 0 },
    { model: LLAMA, calls: 2, neurons: 4 },
  ]);
  const told = code === null ? [] : [{ event: "model.unusable", model: GRANITE, code }];
  expect(unusable(logged)).toMatchObject(told);
  const { results } = await darkroom.bindings().DB.prepare("SELECT * FROM reservations").all();
  expect(results).toEqual([]);
});

test("if no model answers, the problem of a model that may have capacity later comes before that of one that never will", async () => {
  for (const accept of ["text/event-stream", "application/json"]) {
    const never = await ask(`Who? gone:granite denied:3041:llama ${accept.length}`, accept);
    expect(never.headers.get("retry-after")).toBe(null);
    await expectProblem(never, 503, "model_unavailable", /may not use this model/);
    const later = await ask(`Who? busy:granite gone:llama ${accept.length}`, accept);
    expect(later.headers.get("retry-after")).toBe("10");
    await expectProblem(later, 503, "model_unavailable", /no free capacity/);
  }
});

test("a model that breaks off after its first token, or refuses the question, has no stand-in", async () => {
  const broken = await (await ask("How? tokens:5x20 break:2")).text();
  expect(broken).toMatch(/token1 .*event: error/s);
  await expectProblem(await ask("How? then-error:5006"), 422, "model_refused", /schema/);
  await expectProblem(
    await ask("How? gone:llama", "application/json", "accurate"),
    503,
    "model_unavailable",
    /withdrawn/,
  );
  expect((await usage(2)).map(({ model }) => model)).toEqual([GRANITE, LARGE_LLAMA]);
});

test("a stand-in that would exceed the budget is not asked", async () => {
  // The question costs at most 5 neurons with granite, and 16 with the model that replaces it.
  const budget = { method: "PUT", body: JSON.stringify({ neurons: 12 }) };
  expect((await darkroom.api("/v1/budgets/operator/day", budget)).ok).toBe(true);
  await expectProblem(await ask("Why? gone:granite"), 429, "budget_used", /neurons/);
  expect(await usage(1)).toEqual([{ model: GRANITE, calls: 1, neurons: 0 }]);
  expect(await answered(await ask("Why?"))).toMatchObject({ model: GRANITE });
});

test("only other text models stand in, each once, and none if there is none", () => {
  expect(textModelsFrom(GRANITE, {})).toEqual([GRANITE]);
  const chain = { [GRANITE]: [LARGE_LLAMA, "@cf/openai/whisper", GRANITE, "@cf/unheard/of", LLAMA, LARGE_LLAMA] };
  expect(textModelsFrom(GRANITE, chain)).toEqual([GRANITE, LARGE_LLAMA, LLAMA]);
  expect(textModelsFrom(LLAMA, chain)).toEqual([LLAMA]);
});
