// Texts that are generated within a request: streamed token by token, or whole.
import { beforeEach, expect, test } from "vitest";

import { createClient } from "../client/index.ts";
import { readEvents } from "../client/sse.ts";
import { tokensOf } from "../shared/cost/neurons.ts";
import { bucketOf, readStreamLatencies } from "../shared/db/models/latencies.ts";
import { utcDay } from "../shared/durations.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { expectProblem } from "./redriving.ts";
import { type AskedWith, collect, streamedAnswers } from "./streamed-answers.ts";

const darkroom = startDarkroom();
const { send, chatOf, usage } = streamedAnswers(darkroom, "generate");

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const LLAMA = "@cf/meta/llama-3.2-3b-instruct";
const LARGE_LLAMA = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";
const WHOLE = { accept: "application/json" };

beforeEach(async () => {
  await darkroom.bindings().DB.prepare("DELETE FROM latency_days").run();
});

const generate = (body: object, asked: AskedWith = {}) => send("/v1/generate", body, asked);
const chatFor = (prompt: string) => chatOf((script) => script === prompt);
/** What the events tell, all together. */
interface Told {
  readonly choice: { readonly model: string; readonly reason: string; readonly considered: readonly object[] };
  readonly cut: { readonly notice: string; readonly promptCharsLeftOut: number };
  readonly finishReason: string;
  readonly firstTextMs: number;
  readonly tokensASecond: number;
}

const dataOf = (events: readonly { event: string; data: string }[], event: string): Told =>
  JSON.parse(events.find((one) => one.event === event)?.data ?? "null") as Told;

async function reservations(): Promise<number> {
  const { results } = await darkroom.bindings().DB.prepare("SELECT 1 FROM reservations").all();
  return results.length;
}

test("a text is a stream of our own events, with what it cost at its end, and is accounted for", async () => {
  const prompt = "Write about a harbour.";
  const history = [
    { role: "user", content: "Who are you?" },
    { role: "assistant", content: "A sailor." },
  ];
  const response = await generate({ prompt, system: "Be short.", history, maxTokens: 40, temperature: 0.5 });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events = await collect(response);
  expect(events.map(({ event }) => event)).toEqual(["start", "message", "message", "message", "usage", "done"]);
  // Without ids a client has nothing to resume from.
  expect(new Set(events.map(({ id }) => id))).toEqual(new Set([""]));
  expect(dataOf(events, "start")).toEqual({
    model: GRANITE,
    choice: { model: GRANITE, tier: "fast", by: "tier", reason: "It is the model of the tier 'fast'." },
    cut: null,
  });
  expect(events.slice(1, 4).map(({ data }) => data)).toEqual([0, 1, 2].map((index) => `{"text":"token${index} "}`));
  expect(dataOf(events, "usage")).toMatchObject({
    inputTokens: 100,
    outputTokens: 3,
    neurons: 2.5,
    engine: "scripted",
  });
  expect((await chatFor(prompt)).messages).toEqual([
    { role: "system", content: "Be short." },
    ...history,
    { role: "user", content: prompt },
  ]);
  const { requests } = await darkroom.modelCalls();
  expect(requests.at(-1)!.inputs).toMatchObject({ max_tokens: 40, temperature: 0.5, stream: true });
  await until(usage, (rows) => rows.length > 0);
  expect(await usage()).toEqual([{ model: GRANITE, calls: 1, neurons: 2.5, estimated: 0 }]);
  expect(await reservations()).toBe(0);
  // The stream has told how long its first text took. Three tokens are too few to tell a speed.
  expect(await readStreamLatencies(darkroom.bindings().DB, Date.now())).toEqual(new Map());
  const { results } = await darkroom.bindings().DB.prepare("SELECT * FROM latency_days").all();
  expect(results).toMatchObject([{ model: GRANITE, buckets: "{}", token_buckets: "{}" }]);
});

test("the whole text at once, by another tier", async () => {
  const response = await generate({ prompt: "A word, please.", tier: "accurate" }, WHOLE);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({
    text: "From  to .",
    finishReason: "stop",
    model: LARGE_LLAMA,
    choice: { model: LARGE_LLAMA, tier: "accurate", by: "tier", reason: "It is the model of the tier 'accurate'." },
    cut: null,
    usage: {
      inputTokens: 1,
      outputTokens: 5,
      neurons: 1.5,
      isEstimated: false,
      engine: "workers-ai",
      shape: expect.any(String),
    },
  });
  expect(await until(usage, (rows) => rows.length > 0)).toMatchObject([{ model: LARGE_LLAMA, neurons: 1.5 }]);
});

test.each([0, 1])("why the model stopped is told in event shape %i, and whole", async (shape) => {
  await darkroom.setShape(shape);
  const reasons = async (prompt: string, maxTokens: number) => {
    const { finishReason } = dataOf(await collect(await generate({ prompt, maxTokens })), "done");
    return finishReason;
  };
  expect(await reasons("as long as it wants", 50)).toBe("stop");
  expect(await reasons("three and no more, cut-off", 3)).toBe("length");
  const whole = async (maxTokens: number) => (await generate({ prompt: "five", maxTokens }, WHOLE)).json();
  expect(await whole(50)).toMatchObject({ finishReason: "stop" });
  // The second shape of whole answers does not say how many tokens it has.
  expect(await whole(5)).toMatchObject({ finishReason: shape === 0 ? "length" : "stop" });
  await darkroom.setShape(null);
});

test.each([
  ["between tokens", "tokens:200x100 leaving early", "token1 "],
  ["while the model is silent", "tokens:3x8000 leaving in silence", "choice"],
])("a client that disconnects %s stops the model, and pays for what was sent", async (_when, prompt, seen) => {
  const leaving = new AbortController();
  const response = await generate({ prompt }, { signal: leaving.signal });
  for await (const { data } of readEvents(response.body!)) if (data.includes(seen)) break;
  leaving.abort();
  const leftAt = Date.now();
  const isStopped = ({ stoppedAt }: { stoppedAt: number | null }) => stoppedAt !== null;
  const { stoppedAt } = await until(() => chatFor(prompt), isStopped, 10_000);
  expect(stoppedAt! - leftAt).toBeLessThan(2000);
  const [row] = await until(usage, (rows) => rows.length > 0);
  expect(row).toMatchObject({ calls: 1, estimated: row!.neurons });
  const { made } = await chatFor(prompt);
  const outputTokens = (row!.neurons * 1e6 - tokensOf(prompt) * 1542) / 10_158;
  expect(outputTokens).toBeGreaterThanOrEqual(seen === "choice" ? -1e-6 : 2 - 1e-6);
  expect(outputTokens).toBeLessThanOrEqual(made + 1e-6);
  expect(await reservations()).toBe(0);
});

test("a model that fails before its first token is a problem; later it is an event", async () => {
  for (const asked of [{}, WHOLE]) {
    const refused = await generate({ prompt: `then-error:5006 ${asked === WHOLE}` }, asked);
    await expectProblem(refused, 422, "model_refused", /does not fit the model's schema/);
    const busy = await generate({ prompt: `then-error:3040 ${asked === WHOLE}` }, asked);
    expect(busy.headers.get("retry-after")).toBe("10");
    await expectProblem(busy, 503, "model_unavailable", /no free capacity/);
  }
  const events = await collect(await generate({ prompt: "tokens:5x50 break:2" }));
  expect(events.map(({ event }) => event)).toEqual(["start", "message", "message", "error"]);
  expect(dataOf(events, "error")).toMatchObject({ code: "model_unavailable", status: 503 });
});

test("a stand-in answers for a model that was withdrawn, unless it may cost more than maxNeurons", async () => {
  const start = async (body: object) => dataOf(await collect(await generate(body)), "start");
  const prompt = "gone:granite a harbour";
  expect(await start({ prompt, maxTokens: 100 })).toMatchObject({
    model: LLAMA,
    choice: { model: GRANITE, by: "tier" },
  });
  // 100 tokens cost at most 1.02 neurons with granite, and 3.1 with the model that replaces it.
  const dear = await generate({ prompt: `${prompt} for less`, maxTokens: 100, maxNeurons: 2 }, WHOLE);
  expect(dear.status).toBe(503);
  const rows = await until(usage, ({ length }) => length === 2);
  expect(rows.map(({ model, calls }) => [model, calls])).toEqual([
    [GRANITE, 2],
    [LLAMA, 1],
  ]);
}, 60_000);

test("maxNeurons and budgets refuse a text before its model is asked, and name what to do", async () => {
  const body = { prompt: "a dear harbour", maxTokens: 1000 };
  const capped = await generate({ ...body, maxNeurons: 5 });
  await expectProblem(
    capped,
    422,
    "max_neurons_reached",
    /may cost 10\.1\d+ neurons .* 'maxNeurons' is 5\. Lower 'maxTokens'/,
  );
  const budget = { method: "PUT", body: JSON.stringify({ neurons: 5 }) };
  expect((await darkroom.api("/v1/budgets/operator/day", budget)).ok).toBe(true);
  await expectProblem(await generate(body), 429, "budget_used", /more than the total of the owner's daily budget/);
  expect((await generate({ ...body, maxTokens: 100 }, WHOLE)).status).toBe(200);
  expect((await chatFor(body.prompt)).messages).toHaveLength(1);
  expect((await until(usage, (rows) => rows.length > 0))[0]).toMatchObject({ calls: 1 });
});

test("an estimate is the most that a text can cost, and asks no model", async () => {
  const prompt = "an estimated harbour";
  const body = JSON.stringify({ prompt, maxTokens: 1000 });
  const response = await darkroom.api("/v1/generate/estimate", { method: "POST", body });
  const { estimate } = await response.json<{ estimate: { neurons: number; lines: object[] } }>();
  expect(estimate.neurons).toBeCloseTo(10.158 + tokensOf(prompt) * 0.001542, 9);
  expect(estimate.lines).toMatchObject([{ task: "generate", model: GRANITE, calls: 1, units: { outputTokens: 1000 } }]);
  expect((await darkroom.modelCalls()).calls[prompt]).toBeUndefined();
  expect(await usage()).toEqual([]);
});

test("a latency budget chooses by the first text and the tokens a second of measured streams", async () => {
  const { DB } = darkroom.bindings();
  const body = { prompt: "in time", maxTokens: 100, latencyBudgetMs: 5500 };
  // The assumed figures: 1.5 s + 100 × 20 ms, 2 s + 100 × 30 ms, 3 s + 100 × 40 ms.
  const choiceOf = async (more: object = {}) => {
    const events = await collect(await generate({ ...body, ...more }));
    return dataOf(events, "start").choice;
  };
  expect(await choiceOf()).toMatchObject({
    model: LLAMA,
    by: "latency_budget",
    reason: expect.stringMatching(/95 of 100 answers of 100 tokens take at most 5000 ms .* assumed/),
    considered: [
      { model: LARGE_LLAMA, p95Ms: 7000, firstTextMs: 3000, tokensASecond: 25 },
      { model: LLAMA, p95Ms: 5000 },
      { model: GRANITE, p95Ms: 3500 },
    ],
  });
  expect(await choiceOf({ tier: "fast" })).toMatchObject({ model: GRANITE });
  await expectProblem(
    await generate({ ...body, latencyBudgetMs: 3000 }),
    422,
    "impossible_latency_budget",
    /the fastest, '.*granite.*', takes 3500 ms .*Raise 'latencyBudgetMs', or lower 'maxTokens'/,
  );
  expect(await choiceOf({ latencyBudgetMs: 3000, maxTokens: 50 })).toMatchObject({ model: GRANITE });

  // The largest model is quick today. Nineteen streams do not suffice; the twentieth does.
  await DB.prepare("INSERT INTO latency_days VALUES (?1, ?2, '{}', json_object(?3, 19), json_object(?4, 19))")
    .bind(utcDay(Date.now()), LARGE_LLAMA, String(bucketOf(200)), String(bucketOf(10_000)))
    .run();
  expect(await choiceOf()).toMatchObject({ considered: [{ measuredCalls: 0 }, {}, {}] });
  const events = await collect(await generate({ prompt: "tokens:40x20 a quick stream", tier: "accurate" }));
  const { firstTextMs, tokensASecond } = dataOf(events, "usage");
  expect(firstTextMs).toBeGreaterThanOrEqual(20);
  expect(tokensASecond).toBeGreaterThan(2);
  expect(tokensASecond).toBeLessThan(51);
  const measured = await until(
    async () => (await readStreamLatencies(DB, Date.now())).get(LARGE_LLAMA),
    (found) => found?.thousandTokens.calls === 20,
    10_000,
  );
  const { results } = await DB.prepare("SELECT * FROM latency_days WHERE model = ?1").bind(LARGE_LLAMA).all();
  expect(results).toHaveLength(1);
  expect(measured!.firstText.calls).toBe(20);
  const p95Ms = measured!.firstText.p95Ms + Math.round(measured!.thousandTokens.p95Ms / 10);
  const chosen = await choiceOf({ latencyBudgetMs: p95Ms + 1 });
  expect(chosen).toMatchObject({ model: LARGE_LLAMA, considered: [{ measuredCalls: 20 }, {}, {}] });
  expect(chosen.reason).toMatch(/measured over 20 streams/);
});

test("JSON that fits a schema comes in one piece, streamed and whole, and both questions are paid for", async () => {
  const jsonSchema = { type: "object", required: ["harbour"] };
  const says = '<<["no", "{\\"harbour\\": 1}"]>>';
  const events = await collect(await generate({ prompt: `streamed ${says}`, jsonSchema }));
  expect(events.map(({ event }) => event)).toEqual(["start", "message", "usage", "done"]);
  expect(events[1]!.data).toBe(JSON.stringify({ text: '{"harbour":1}' }));
  expect(dataOf(events, "usage")).toMatchObject({ neurons: 3 });
  const whole = await generate({ prompt: `whole ${says}`, jsonSchema }, WHOLE);
  expect(await whole.json()).toMatchObject({ text: '{"harbour":1}', finishReason: "stop", usage: { neurons: 3 } });
  const never = await generate({ prompt: 'never <<["no", "no"]>>', jsonSchema }, WHOLE);
  await expectProblem(never, 422, "model_refused", /asked twice for JSON, and no answer fits/);
  const [row] = await until(usage, ([first]) => first?.calls === 6);
  expect(row).toMatchObject({ model: GRANITE, neurons: 9 });
  expect(await reservations()).toBe(0);
  const estimateOf = async (body: object) => {
    const asked = { method: "POST", body: JSON.stringify({ prompt: "x", ...body }) };
    const { estimate } = await (
      await darkroom.api("/v1/generate/estimate", asked)
    ).json<{ estimate: { neurons: number } }>();
    return estimate.neurons;
  };
  expect(await estimateOf({ jsonSchema })).toBeGreaterThan(2 * (await estimateOf({})));
});

test("maxNeurons limits what all models together cost, also if a model is busy at its second question", async () => {
  // The answer's field is a direction to the model that reads what is wrong with it: from the second question on, granite is busy.
  const prompt = 'dear JSON <<["{\\"bus\\\\u0079:granite \\": 1}", "{\\"harbour\\": 1}"]>>';
  const jsonSchema = {
    type: "object",
    properties: { harbour: {} },
    required: ["harbour"],
    additionalProperties: false,
  };
  const body = { prompt, jsonSchema, maxTokens: 10 };
  const paid = await generate(body, WHOLE);
  expect(await paid.json()).toMatchObject({ model: LLAMA, text: '{"harbour":1}' });
  await until(usage, ({ length }) => length === 2);
  // Granite costs 1.5 for its first question, and llama may cost 3.6: each is within 4, but not both.
  await expectProblem(await generate({ ...body, maxNeurons: 4 }, WHOLE), 503, "model_unavailable", /no free capacity/);
  const rows = await until(usage, ([first]) => first?.neurons === 3);
  expect(rows.map(({ model, neurons }) => [model, neurons])).toEqual([
    [GRANITE, 3],
    [LLAMA, 3],
  ]);
}, 60_000);

test("the usage of JSON does not count the tokens of a call that was refused", async () => {
  const prompt = 'no-json-mode <<["{\\"harbour\\": 1}"]>>';
  const response = await generate({ prompt, jsonSchema: { type: "object" }, tier: "balanced" }, WHOLE);
  const { usage: used } = await response.json<{ usage: object }>();
  expect(used).toMatchObject({ inputTokens: 20, outputTokens: 7, neurons: 1.5, isEstimated: false });
});

test("an Idempotency-Key is refused, because the answer is not stored", async () => {
  const bodies = {
    "/v1/generate": { prompt: "x" },
    "/v1/embeddings": { texts: ["x"] },
    "/v1/jobs/x/ask": { question: "x" },
  };
  for (const [path, body] of Object.entries(bodies)) {
    const init = { method: "POST", headers: { "idempotency-key": "one" }, body: JSON.stringify(body) };
    await expectProblem(await darkroom.api(path, init), 400, "idempotency_unsupported", /pays again/);
  }
});

test("a conversation that is too long is cut by tokens, with a notice", async () => {
  const prompt = `begin ${"word ".repeat(30_000)}end`;
  const history = [
    { role: "user", content: "the oldest" },
    { role: "assistant", content: "an answer" },
  ];
  const { choice: _, ...start } = dataOf(await collect(await generate({ prompt, history, tier: "accurate" })), "start");
  expect(start).toMatchObject({ model: LARGE_LLAMA, cut: { messagesLeftOut: 2 } });
  const { notice, promptCharsLeftOut } = start.cut;
  expect(notice).toContain(`${promptCharsLeftOut} characters from the middle of the prompt`);
  const { messages } = await chatOf((script) => script.startsWith("begin word"));
  expect(messages).toHaveLength(1);
  expect(messages[0]!.content).toMatch(/^begin .*\n\n\[…\]\n\n.*end$/s);
});

test("a request that is wrong names the field, and what to do instead", async () => {
  const wrong: [object, string][] = [
    [{}, "prompt"],
    [{ prompt: " \n" }, "prompt"],
    [{ prompt: "x", tier: "huge" }, "tier"],
    [{ prompt: "x", maxTokens: 0 }, "maxTokens"],
    [{ prompt: "x", maxNeurons: 0 }, "maxNeurons"],
    [{ prompt: "x", history: [{ role: "system", content: "x" }] }, "history.0.role"],
    [{ prompt: "x", options: {} }, ""],
    [{ prompt: "x", jsonSchema: { type: "oject" } }, "jsonSchema.type"],
  ];
  for (const [body, path] of wrong) {
    const response = await generate(body);
    expect([response.status, await response.json()]).toMatchObject([422, { issues: [{ path }] }]);
  }
});

test("the client yields the text piece by piece, and leaving the loop stops the model", async () => {
  const client = createClient({ baseUrl: darkroom.origin(), key: KEYS.operator });
  const told: object[] = [];
  const note = (one: object) => void told.push(one);
  let texts = "";
  const events = { onStart: note, onUsage: note, onDone: note };
  for await (const text of client.generate("from a program", events)) texts += text;
  expect(texts).toBe("token0 token1 token2 ");
  expect(told).toMatchObject([{ model: GRANITE }, { neurons: 2.5 }, { finishReason: "stop" }]);
  const prompt = "tokens:200x100 left by a program";
  for await (const text of client.generate(prompt)) if (text === "token2 ") break;
  await until(
    () => chatFor(prompt),
    ({ stoppedAt }) => stoppedAt !== null,
    10_000,
  );
  expect(await client.generateWhole("whole", { tier: "balanced" })).toMatchObject({
    model: LLAMA,
    finishReason: "stop",
  });
});
