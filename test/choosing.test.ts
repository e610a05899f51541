// The model for a job: by tier, by name, by a latency budget. And the model that replaces it if it has no capacity.
import { describe, expect, test } from "vitest";

import { chooseModel, chosenByName, MIN_MEASURED_CALLS } from "../shared/models/choose-model.ts";
import { bucketOf, readLatencies } from "../shared/db/models/latencies.ts";
import { findModel, IMAGE_TIERS, MODELS } from "../shared/models/models.ts";
import { JobWork } from "../shared/kinds/index.ts";
import { startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const SOURCE = { key: "inbox/a.wav", etag: "e", sizeBytes: 9 };
const hearing = (options = {}) => JobWork.parse({ kind: "transcription", input: { source: SOURCE, options } });
const picture = (options = {}) => JobWork.parse({ kind: "image_generation", input: { prompt: "p", options } });

const TURBO = "@cf/openai/whisper-large-v3-turbo";
const WHISPER = "@cf/openai/whisper";
const TINY = "@cf/openai/whisper-tiny-en";

function measured(figures: Record<string, number>, calls = MIN_MEASURED_CALLS) {
  return new Map(Object.entries(figures).map(([model, p95Ms]) => [model, { calls, p50Ms: p95Ms / 2, p95Ms }]));
}

describe("a latency budget", () => {
  const figures = measured({ [TURBO]: 5000, [WHISPER]: 2000, [TINY]: 500 });

  test.each([
    ["is kept by the most accurate model that can", hearing(), 6000, TURBO],
    ["passes over a model that is too slow", hearing(), 4999, WHISPER],
    ["has a tier for its ceiling", hearing({ tier: "balanced" }), 60_000, WHISPER],
    ["is kept in English by a model that knows nothing else", hearing({ language: "en" }), 600, TINY],
    ["looks only at models that take the options", hearing({ vadFilter: true }), 6000, TURBO],
  ])("%s", (_, work, budgetMs, model) => {
    const chosen = chooseModel(work, budgetMs, figures);
    expect(chosen).toMatchObject({ ok: true, choice: { model, by: "latency_budget", latencyBudgetMs: budgetMs } });
  });

  test.each([
    ["in another language, or none said, English alone will not do", hearing(), 600, WHISPER, "2000 ms"],
    ["where the options leave one slow model", hearing({ language: "de" }), 600, TURBO, "5000 ms"],
    ["of a model asked for by its name", picture({ model: "flux-2-dev" }), 100, "flux-2-dev", "60000 ms (assumed"],
  ])("that no model meets is refused, naming the fastest: %s", (_, work, budgetMs, model, figure) => {
    const chosen = chooseModel(work, budgetMs, figures);
    expect(chosen).toMatchObject({ ok: false, reason: expect.stringContaining(figure) });
    expect(chosen).toMatchObject({ reason: expect.stringContaining(model) });
  });

  test("believes the catalogue's guess until enough calls have been measured, and says so", () => {
    const few = measured({ [TURBO]: 1 }, MIN_MEASURED_CALLS - 1);
    const { p95Ms } = MODELS[TURBO].assumed;
    expect(chooseModel(hearing({ vadFilter: true }), p95Ms - 1, few)).toMatchObject({ ok: false });
    expect(chooseModel(hearing(), p95Ms, few)).toMatchObject({
      choice: { model: TURBO, reason: expect.stringContaining("assumed"), considered: [{ measuredCalls: 0 }, {}] },
    });
  });

  test("does not choose the pictures that cost ten times as much unless the request allows it", () => {
    expect(chooseModel(picture(), 600_000, new Map())).toMatchObject({ choice: { tier: "balanced" } });
    expect(chooseModel(picture({ tier: "accurate" }), 600_000, new Map())).toMatchObject({
      choice: { tier: "accurate" },
    });
  });
});

test("without a budget a tier is its model, nothing is the default, and a name is that one", () => {
  expect(chosenByName(picture())).toMatchObject({ work: { input: { options: { model: "flux-1-schnell" } } } });
  expect(chosenByName(picture({ tier: "balanced" }))).toMatchObject({
    choice: { model: "@cf/black-forest-labs/flux-2-klein-4b", by: "tier" },
    work: { input: { options: { model: "flux-2-klein-4b" } } },
  });
  expect(chosenByName(picture({ model: "flux-2-dev" }))).toMatchObject({ choice: { by: "model" } });
  expect(() => picture({ model: "flux-2-dev", tier: "fast" })).toThrow(/give either 'tier' or 'model'/);
});

test("every tier of pictures is a model of that tier", () => {
  for (const [tier, name] of Object.entries(IMAGE_TIERS)) {
    expect(findModel(`@cf/black-forest-labs/${name}`)?.tier).toBe(tier);
  }
});

describe("on the runtime", () => {
  const darkroom = startDarkroom();

  test("the choice for the next job follows from how long the calls of attempts took", async () => {
    const { DB } = darkroom.bindings();
    const note = await darkroom.upload({ name: "a.wav" }, speech("zero one two"));
    expect((await darkroom.untilJob(note.id)).choice).toMatchObject({ model: TURBO, by: "tier" });
    const own = (await readLatencies(DB, Date.now())).get(TURBO);
    expect(own?.calls).toBe(1);

    const today = Math.floor(Date.now() / 86_400_000);
    await DB.prepare(`DELETE FROM latency_days`).run();
    // An earlier version may still write a row for each bucket.
    const slow = [today, TURBO, bucketOf(9000), 30];
    await DB.prepare(`INSERT INTO model_latencies VALUES (?1, ?2, ?3, ?4)`)
      .bind(...slow)
      .run();
    await DB.prepare(`INSERT INTO latency_days (day, model, buckets) VALUES (?1, ?2, json_object(?3, 30))`)
      .bind(today, WHISPER, String(bucketOf(900)))
      .run();
    const hurried = await darkroom.upload({ name: "b.wav", latencyBudgetMs: "3000" }, speech("three four"));
    const job = await darkroom.untilJob(hurried.id);
    expect(job).toMatchObject({
      state: "completed",
      choice: { model: WHISPER, tier: "balanced", by: "latency_budget", reason: expect.stringContaining("30 calls") },
      input: { options: { tier: "balanced" } },
      attempts: [{ model: WHISPER }],
    });
    expect((await readLatencies(DB, Date.now())).get(WHISPER)?.calls).toBe(31);
    // The object has the choice in its metadata, so its event finds the same job.
    await darkroom.maintain(new Date(Date.now() + 120_000));
    const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: unknown[] }>();
    expect(jobs).toHaveLength(2);
  });

  test.each([
    [{ latencyBudgetMs: 1 }, "impossible_latency_budget", /takes 1000 ms|takes 800 ms/],
    [{ latencyBudgetMs: 0 }, "invalid_request", /latencyBudgetMs/],
    [{ latencyBudgetMs: -5 }, "invalid_request", /latencyBudgetMs/],
    [{ options: { tier: "best" } }, "invalid_request", /options.tier/],
  ])("%j is refused with a reason", async (asked, code, words) => {
    const response = await darkroom.post("/v1/jobs", { kind: "classification", text: "what a day", ...asked });
    const body = await response.text();
    expect([response.status, JSON.parse(body).code]).toEqual([422, code]);
    expect(body).toMatch(words);
  });

  test("the models of the chain stand in for one without capacity, and the attempts name them", async () => {
    const heard = await darkroom.upload({ name: "a.wav" }, speech("busy:turbo one two"));
    const drawn = await darkroom.submit({
      kind: "image_generation",
      prompt: "busy:klein a harbour",
      options: { tier: "accurate" },
    });
    expect(await darkroom.untilJob(heard.id)).toMatchObject({
      state: "completed",
      choice: { model: TURBO },
      attempts: [
        { model: TURBO, outcome: "snooze", error: { code: "out_of_capacity" } },
        { model: WHISPER, outcome: "completed" },
      ],
    });
    const { attempts } = await darkroom.untilJob(drawn.id);
    expect(attempts.map(({ model, outcome }) => [model?.split("/").at(-1), outcome])).toEqual([
      ["flux-2-klein-9b", "snooze"],
      ["flux-2-klein-4b", "snooze"],
      ["flux-1-schnell", "completed"],
    ]);
  });

  test("where the whole chain has no capacity, the first model has its turn again later", async () => {
    const drawn = await darkroom.submit({
      kind: "image_generation",
      prompt: "busy:flux a harbour",
      options: { tier: "balanced" },
    });
    const { attempts, waiting } = await darkroom.untilJob(drawn.id, (job) => job.attempts.length === 2);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["snooze", "snooze"]);
    expect(Date.parse(waiting!.until!)).toBeGreaterThan(Date.now() + 5000);
    const task = await darkroom
      .bindings()
      .DB.prepare(`SELECT model, args ->> '$.options.model' AS asks FROM tasks WHERE job_id = ?1`)
      .bind(drawn.id)
      .first();
    expect(task).toEqual({ model: "@cf/black-forest-labs/flux-2-klein-4b", asks: "flux-2-klein-4b" });
  });

  test("no model stands in for a model that was requested by its name", async () => {
    const options = { model: "flux-2-klein-4b" };
    const drawn = await darkroom.submit({ kind: "image_generation", prompt: "busy:klein a sea", options });
    const { attempts } = await darkroom.untilJob(drawn.id, (job) => job.attempts.length === 1);
    expect(attempts).toMatchObject([{ model: "@cf/black-forest-labs/flux-2-klein-4b", outcome: "snooze" }]);
    const { DB } = darkroom.bindings();
    expect(await DB.prepare(`SELECT scheduled_at > ?1 AS later FROM tasks`).bind(Date.now()).first("later")).toBe(1);
  });

  const unusable = () => darkroom.logs().filter(({ message }) => message.includes('"model.unusable"'));

  test("the models of the chain stand in for a withdrawn one, and the journal reports it once a day and not once a job", async () => {
    const before = unusable().length;
    for (const name of ["a", "b"]) {
      const heard = await darkroom.upload({ name: `${name}.wav` }, speech(`gone:turbo one two ${name}`));
      expect(await darkroom.untilJob(heard.id)).toMatchObject({
        state: "completed",
        attempts: [
          { model: TURBO, outcome: "snooze", error: { code: "model_withdrawn" } },
          { model: WHISPER, outcome: "completed" },
        ],
      });
    }
    expect(
      unusable()
        .slice(before)
        .map(({ message }) => JSON.parse(message) as unknown),
    ).toMatchObject([{ event: "model.unusable", model: TURBO, code: "model_withdrawn" }]);
  });

  test.each(["5035", "5016"])("so is a model that the account may not use: %s", async (code) => {
    const drawn = await darkroom.submit({
      kind: "image_generation",
      prompt: `error:${code}x1 a harbour`,
      options: { tier: "balanced" },
    });
    const { attempts } = await darkroom.untilJob(drawn.id);
    expect(attempts.map(({ model, outcome }) => [model?.split("/").at(-1), outcome])).toEqual([
      ["flux-2-klein-4b", "snooze"],
      ["flux-1-schnell", "completed"],
    ]);
  });

  test("a summary is written by the next model too, and its job names it", async () => {
    const text = "gone:granite one\ntwo three";
    const { id } = await darkroom.submit({ kind: "classification", text, then: ["summarise"] });
    const job = await darkroom.untilJob(id);
    expect(job.state).toBe("completed");
    expect(job.attempts.slice(1).map(({ model, outcome }) => [model, outcome])).toEqual([
      ["@cf/ibm-granite/granite-4.0-h-micro", "snooze"],
      ["@cf/meta/llama-3.2-3b-instruct", "completed"],
    ]);
    const summary = await darkroom.api(`/v1/jobs/${id}/artifacts/summary.json`);
    expect(await summary.json()).toMatchObject({ model: "@cf/meta/llama-3.2-3b-instruct" });
  });

  test("where nothing stands in for a withdrawn model its job fails, and says why", async () => {
    const named = await darkroom.submit({
      kind: "image_generation",
      prompt: "gone:klein a sea",
      options: { model: "flux-2-klein-4b" },
    });
    const all = await darkroom.submit({
      kind: "image_generation",
      prompt: "gone:flux a sea",
      options: { tier: "balanced" },
    });
    for (const [{ id }, attempts] of [
      [named, 1],
      [all, 2],
    ] as const) {
      const job = await darkroom.untilJob(id);
      expect(job).toMatchObject({ state: "failed", error: { code: "model_withdrawn" } });
      expect(job.attempts).toHaveLength(attempts);
    }
  });

  test("a picture that the model flags fails as refused, or is asked for once more where its owner allows that", async () => {
    const draw = (prompt: string, retryIfFlagged?: boolean) =>
      darkroom.submit({ kind: "image_generation", prompt, options: { retryIfFlagged } });
    const plain = await darkroom.untilJob((await draw("flagged:3030x1 a beach")).id);
    expect(plain).toMatchObject({ state: "failed", error: { code: "refused_by_model" }, attempts: [{ neurons: 0 }] });
    const allowed = await darkroom.untilJob((await draw("flagged:8007x1 a shore", true)).id);
    expect(allowed).toMatchObject({
      state: "completed",
      attempts: [{ neurons: 1.5, calls: [{ neurons: 0 }, { neurons: 1.5 }] }],
    });
    const flagged = await darkroom.untilJob((await draw("flagged:3030 a bay", true)).id);
    expect(flagged).toMatchObject({ state: "failed", error: { code: "refused_by_model" } });
    expect(flagged.attempts.map(({ calls }) => calls.length)).toEqual([2]);
  });
});
