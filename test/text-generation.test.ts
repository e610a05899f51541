// Jobs that write a text, or JSON, as a prompt asks.
import { expect, test } from "vitest";

import { listJobs } from "../shared/db/jobs/job-lists.ts";
import { startDarkroom } from "./harness.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, boats: { type: "integer" } },
  required: ["city", "boats"],
  additionalProperties: false,
};

const says = (...answers: readonly string[]) => `<<${JSON.stringify(answers)}>>`;

async function run(prompt: string, options: object = {}, more: object = {}): Promise<JobView> {
  const { id } = await darkroom.submit({ kind: "text_generation", prompt, options, ...more });
  return darkroom.untilJob(id);
}

async function read({ id }: JobView, name: string): Promise<string> {
  const response = await darkroom.api(`/v1/jobs/${id}/artifacts/${name}`);
  expect(response.status).toBe(200);
  return response.text();
}

const callsOf = ({ attempts }: JobView) => attempts.flatMap(({ calls }) => calls);

test("a prompt becomes a text, which is searched, asked about and summarised", async () => {
  const options = { system: "Be short.", history: [{ role: "user", content: "Hi" }], temperature: 0.2, maxTokens: 64 };
  const job = await run(`Write. ${says("The lighthouse keeper counts\nforty boats.")}`, options, {
    then: ["summarise", "embed"],
  });
  expect(job).toMatchObject({ state: "completed", choice: { model: GRANITE, tier: "fast" }, notices: [] });
  expect(job.artifacts.map(({ name }) => name)).toEqual(["generation.json", "summary.json", "summary.txt", "text.txt"]);
  expect(await read(job, "text.txt")).toBe("The lighthouse keeper counts\nforty boats.\n");
  expect(JSON.parse(await read(job, "generation.json"))).toMatchObject({ model: GRANITE, isCut: false, notices: [] });
  const [sent] = Object.values((await darkroom.modelCalls()).chats);
  expect(sent?.map(({ role }) => role)).toEqual(["system", "user", "user"]);
  const found = await (await darkroom.api("/v1/search?q=lighthouse")).json<{ results: { jobId: string }[] }>();
  expect(JSON.stringify(found)).toContain(job.id);
  const asked = await darkroom.post(`/v1/jobs/${job.id}/ask`, { question: "How many boats?" });
  expect(asked.status).toBe(200);
  const told = Object.values((await darkroom.modelCalls()).chats).map((chat) => chat.at(-1)?.content ?? "");
  expect(told.filter((content) => content.startsWith('"""\nThe lighthouse keeper counts'))).toHaveLength(2);
});

test("a file is a prompt if its upload names the kind, and the message gives the model's limit", async () => {
  const { id } = await darkroom.upload(
    { name: "ask.txt", kind: "text_generation", options: JSON.stringify({ maxTokens: 9 }) },
    `wrote:9 ${says("It goes on and")}`,
  );
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({
    state: "completed",
    notices: ["The model stopped at 'maxTokens' (9), so the text may end in the middle."],
  });
  const empty = await darkroom.upload({ name: "none.txt", kind: "text_generation" }, " \n ");
  expect((await darkroom.untilJob(empty.id)).error).toMatchObject({ code: "source_empty" });
});

test("a prompt that is longer than the model can read is cut, and the job says so", async () => {
  const { id } = await darkroom.upload(
    { name: "long.txt", kind: "text_generation", options: JSON.stringify({ tier: "accurate" }) },
    `${says("Done.")} ${"long ".repeat(60_000)}`,
  );
  const job = await darkroom.untilJob(id);
  expect(job.state).toBe("completed");
  expect(job.notices[0]).toMatch(
    /^The text is longer than the model can read\. Left out: \d+ characters from the middle/,
  );
  expect(JSON.parse(await read(job, "generation.json"))).toMatchObject({ notices: job.notices });
});

test("JSON fits the schema: as it stands, mended, as an object, and from a model without a JSON mode", async () => {
  const json = '{"city": "Bergen", "boats": 40}';
  const asked: readonly (readonly [string, object, object])[] = [
    [says(json), {}, { isRepaired: false, timesAsked: 1 }],
    [says(`Here it is:\n\`\`\`json\n{city: "Bergen", "boats": 40,}\n\`\`\``), {}, { isRepaired: true, timesAsked: 1 }],
    [`as-object ${says(json)}`, {}, { isRepaired: false, timesAsked: 1 }],
    [`no-json-mode ${says(json)}`, {}, { isRepaired: false, timesAsked: 1 }],
    [`third ${says(json)}`, { tier: "accurate" }, { isRepaired: false, timesAsked: 1 }],
    [says("Bergen has 40.", json), {}, { isRepaired: false, timesAsked: 2 }],
  ];
  const jobs = await Promise.all(asked.map(([prompt, options]) => run(prompt, { ...options, jsonSchema: SCHEMA })));
  for (const [index, job] of jobs.entries()) {
    expect(job.state).toBe("completed");
    expect(job.artifacts.map(({ name }) => name)).toEqual(["generation.json", "output.json"]);
    expect(JSON.parse(await read(job, "output.json"))).toEqual({ city: "Bergen", boats: 40 });
    expect(JSON.parse(await read(job, "generation.json"))).toMatchObject({ json: asked[index]?.[2] });
  }
  const { requests } = await darkroom.modelCalls();
  const formats = requests.map(({ model, inputs }) => [
    model.split("/").at(-1),
    JSON.stringify(inputs).includes("response_format"),
  ]);
  expect(formats).toContainEqual(["granite-4.0-h-micro", true]);
  expect(formats).toContainEqual(["llama-3.1-8b-instruct-fp8-fast", false]);
});

async function redrive(jobId: string, edit: object): Promise<void> {
  const path = `/v1/dead-letters?jobId=${jobId}&state=open`;
  const { deadLetters } = await (await darkroom.api(path)).json<{ deadLetters: { id: string }[] }>();
  expect((await darkroom.post(`/v1/dead-letters/${deadLetters[0]?.id}/redrive`, edit)).status).toBe(202);
}

test("JSON that does not fit twice fails the job by name, and a redrive asks anew", async () => {
  const job = await run(says('{"city": 5}', '{"city": "Bergen"}', '{"city": "Bergen", "boats": 1}'), {
    jsonSchema: SCHEMA,
  });
  expect(job.error).toEqual({
    code: "invalid_output",
    message: `The model's JSON does not fit 'jsonSchema': the JSON: does not have required property "boats".`,
  });
  expect(callsOf(job)).toHaveLength(2);
  await redrive(job.id, {});
  const again = await darkroom.untilJob(job.id, ({ attempts }) => attempts.length === 2);
  expect(callsOf(again)).toHaveLength(4);
});

/** Let a failed job look as if the consumer of its last attempt had died after both answers, and run it again. */
async function runAfterDeath(job: { readonly id: string; readonly attempts: readonly unknown[] }) {
  const { DB } = darkroom.bindings();
  await DB.batch([
    DB.prepare(
      "UPDATE attempts SET outcome = 'lost', error_code = NULL, usage = NULL, neurons = NULL WHERE task_id LIKE ?1 AND number = ?2",
    ).bind(`${job.id}%`, job.attempts.length),
    DB.prepare("DELETE FROM dead_letters WHERE job_id = ?1").bind(job.id),
    DB.prepare(
      "UPDATE jobs SET state = 'running', finalized_at = NULL, error_code = NULL, error_message = NULL WHERE id = ?1",
    ).bind(job.id),
    DB.prepare(
      "UPDATE tasks SET state = 'retryable', finalized_at = NULL, scheduled_at = 0, check_at = 0 WHERE job_id = ?1",
    ).bind(job.id),
  ]);
  await darkroom.maintain();
  return darkroom.untilJob(job.id);
}

test("a consumer that dies after the second unfit answer, before it can say so, costs no other answers", async () => {
  const prompt = says('{"city": 5}', '{"city": "Bergen"}', '{"city": "Bergen", "boats": 1}');
  const job = await run(`dies ${prompt}`, { jsonSchema: SCHEMA });
  expect(job.state).toBe("failed");
  const again = await runAfterDeath(job);
  expect(again.error).toEqual(job.error);
  expect(again.attempts.map(({ outcome, calls }) => [outcome, calls.map(({ recalledFrom }) => recalledFrom)])).toEqual([
    ["lost", []],
    ["discard", [1, 1]],
  ]);
});

test("after a redrive with other options, such a death costs no other answers either", async () => {
  const job = await run(`edited ${says('{"city": 5}', '{"city": "Bergen"}')}`, { jsonSchema: SCHEMA });
  await redrive(job.id, { options: { jsonSchema: SCHEMA, maxTokens: 100 } });
  const edited = await darkroom.untilJob(job.id, ({ attempts }) => attempts.length === 2);
  expect(edited.attempts.map(({ calls }) => calls.length)).toEqual([2, 2]);
  const again = await runAfterDeath(edited);
  expect(again.attempts.map(({ calls }) => calls.map(({ recalledFrom }) => recalledFrom ?? null))).toEqual([
    [null, null],
    [],
    [2, 2],
  ]);
});

test("after an attempt that failed between two answers, only the missing one is asked for and paid", async () => {
  const prompt = `mend-fails ${says('{"wharf": 1}', '{"city": "Oslo", "boats": 2}')}`;
  const job = await run(prompt, { jsonSchema: SCHEMA });
  expect(job.state).toBe("completed");
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(["retry", "completed"]);
  const { calls } = await darkroom.modelCalls();
  expect(calls[prompt]).toBe(1);
  // The first answer, the refusal, which is free, and the second answer.
  expect(job.attempts.map(({ neurons }) => neurons)).toEqual([1.5, 1.5]);
});

test("another model stands in, with its own way to ask for JSON", async () => {
  const job = await run(`busy:granite ${says('{"city": "Oslo", "boats": 2}')}`, { jsonSchema: SCHEMA });
  expect(job.state).toBe("completed");
  expect(callsOf(job).at(-1)).toMatchObject({ model: "@cf/meta/llama-3.2-3b-instruct" });
});

test("the latency budget, the limit of neurons and the estimate count as for every kind", async () => {
  const chosen = await run(`chosen ${says("Yes.")}`, {}, { latencyBudgetMs: 60_000 });
  expect(chosen.choice).toMatchObject({ by: "latency_budget", tier: "balanced" });
  const limited = await run(`limited ${says("Yes.")}`, {}, { maxNeurons: 0.001 });
  expect(limited.error).toMatchObject({ code: "max_neurons_reached" });
  const dry = await darkroom.post("/v1/jobs?dryRun=true", {
    kind: "text_generation",
    prompt: "x".repeat(400),
    options: { maxTokens: 100 },
  });
  const { estimate } = await dry.json<{ estimate: { neurons: number; isRough: boolean } }>();
  // 100 tokens of each.
  expect(estimate).toMatchObject({
    isRough: true,
    neurons: expect.closeTo((100 * 1542 + 100 * 10_158) / 1e6, 6) as number,
  });
});

test("an identical job gets the same text", async () => {
  const first = await run(`same ${says("Once.")}`);
  const second = await run(`same ${says("Once.")}`);
  expect(second).toMatchObject({ state: "completed", reused: { jobId: first.id } });
  expect(await read(second, "text.txt")).toBe("Once.\n");
});

test("every job with a text has its notices, even after an attempt that failed when the text was stored", async () => {
  const notices = ["The model stopped at 'maxTokens' (9), so the text may end in the middle."];
  const first = await run(`wrote:9 ${says("It goes")}`, { maxTokens: 9 });
  const second = await run(`wrote:9 ${says("It goes")}`, { maxTokens: 9 });
  expect(second).toMatchObject({ reused: { jobId: first.id }, notices });
  const { DB } = darkroom.bindings();
  await DB.batch([
    DB.prepare("UPDATE attempts SET outcome = 'retry' WHERE task_id LIKE ?1").bind(`${first.id}%`),
    DB.prepare("DELETE FROM artifacts WHERE job_id = ?1").bind(first.id),
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL WHERE id = ?1").bind(first.id),
    DB.prepare(
      "UPDATE tasks SET state = 'retryable', finalized_at = NULL, scheduled_at = 0, check_at = 0 WHERE job_id = ?1",
    ).bind(first.id),
  ]);
  await darkroom.maintain();
  const again = await darkroom.untilJob(first.id);
  expect(again).toMatchObject({ notices, attempts: [{ outcome: "retry" }, { outcome: "completed", calls: [] }] });
});

test("a list has only the beginning of a long prompt: a hundred whole ones are more than D1 answers", async () => {
  const prompt = `boats ${"and ships ".repeat(15_000)} ${says("Aye.")}`;
  const job = await run(prompt, { history: [{ role: "user", content: "h".repeat(100_000) }] });
  expect(job).toMatchObject({ state: "completed", input: { prompt } });
  const { jobs: rows } = await listJobs(
    darkroom.bindings().DB,
    {},
    { ownerId: "operator", limit: 10, before: undefined, figures: true },
  );
  expect(rows.map(({ id, input }) => [id, input.length < 1000])).toEqual([[job.id, true]]);
  const { jobs } = await (await darkroom.api("/v1/jobs")).json<{ jobs: readonly JobView[] }>();
  expect(jobs).toMatchObject([{ id: job.id, title: job.title }]);
  const found = await (await darkroom.api("/v1/search?q=aye")).json<{ hits: readonly object[] }>();
  expect(found.hits).toMatchObject([{ jobId: job.id, title: job.title }]);
});

test("a request that cannot be fulfilled is refused with the field", async () => {
  const cases: readonly (readonly [object, string, string])[] = [
    [
      { prompt: "x", options: { jsonSchema: { properties: { a: { $ref: "https://a.example" } } } } },
      "options.jsonSchema.properties.a.$ref",
      "is not a place in this schema",
    ],
    [
      { prompt: "x", options: { jsonSchema: { pattern: "(a+)+" } } },
      "options.jsonSchema.pattern",
      "must not repeat a group",
    ],
    [{ prompt: " " }, "prompt", "the prompt is empty"],
    [{}, "prompt", "give exactly one of prompt, source"],
    [{ prompt: "x", options: { maxTokens: 5000 } }, "options.maxTokens", "4096"],
  ];
  for (const [body, place, message] of cases) {
    const response = await darkroom.post("/v1/jobs", { kind: "text_generation", ...body });
    expect(response.status).toBe(422);
    const problem = await response.text();
    expect(problem).toContain(place);
    expect(problem).toContain(message);
  }
});
