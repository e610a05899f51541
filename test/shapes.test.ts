// Every processor, question and search with every shape in which its models answer, documented or observed.
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, expect, test } from "vitest";

import { readEvents } from "../client/sse.ts";
import { CONTRACTS, contractOf, formValues } from "../local/contracts.ts";
import { shapesOf } from "../local/shapes.ts";
import { IMAGE_MODEL_NAMES, type ModelId, TIERS } from "../shared/models/models.ts";
import type { SearchAnswer } from "../producer/search/schema.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import { startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();
afterEach(() => darkroom.setShape(null));

const NUMBERS = Array.from(
  { length: Math.max(...Object.keys(CONTRACTS).map((id) => shapesOf(id, { isAll: true }).length)) },
  (_, number) => number,
);

/** Return the shape with this number in which a model answers. */
const shapeOf = (model: ModelId, number: number) => {
  const names = shapesOf(model, { isAll: true });
  return names[number % names.length]!;
};

async function artifact(id: string, name: string): Promise<string> {
  const bytes = await (await darkroom.api(`/v1/jobs/${id}/artifacts/${name}`)).arrayBuffer();
  return new TextDecoder("latin1").decode(bytes);
}

async function completed(job: JobView): Promise<JobView> {
  const done = await darkroom.untilJob(job.id);
  expect([done.state, done.error]).toEqual(["completed", null]);
  return done;
}

/** Return the model and neurons of each call of a job, and whether they are estimated. */
function meterOf(job: JobView) {
  return job.attempts.flatMap(({ calls }) =>
    calls.map(({ model, neurons, isEstimated }) => [model, neurons, isEstimated]),
  );
}

const words = ({ segments }: Transcript) => segments.flatMap((segment) => segment.words);
const transcript = async (id: string) => JSON.parse(await artifact(id, "transcript.json")) as Transcript;

async function work(kind: string, body: object) {
  return completed(await darkroom.submit({ kind, reuse: false, ...body }));
}

/** A recording with each tier, and one that is cut into chunks. */
async function speechUnder(number: number) {
  const heard = [];
  for (const tier of TIERS) {
    const query = { name: "a.wav", reuse: "false", options: JSON.stringify({ tier }) };
    const job = await completed(await darkroom.upload(query, speech("seven boats leave the harbour")));
    heard.push({ text: (await transcript(job.id)).text, meter: meterOf(job) });
    const names = (await transcript(job.id)).segments.map(({ startMs, endMs }) => endMs >= startMs && endMs <= 2500);
    expect(names.every(Boolean)).toBe(true);
  }
  const long = Array.from({ length: 150 }, (_, index) => `w${index}`).join(" ");
  const job = await completed(await darkroom.upload({ name: "long.wav", reuse: "false" }, speech(long)));
  const shape = shapeOf("@cf/openai/whisper-large-v3-turbo", number);
  return { heard, long: { job, shape, transcript: await transcript(job.id), said: long } };
}

/** The results in the first shape, with which the others are compared. */
let plain: Awaited<ReturnType<typeof speechUnder>> | undefined;

test.each(NUMBERS)("recordings say the same in shape %i, short or in chunks", async (number) => {
  await darkroom.setShape(0);
  const first = (plain ??= await speechUnder(0));
  await darkroom.setShape(number);
  const { heard, long } = await speechUnder(number);
  expect(heard).toEqual(first.heard);
  expect(heard.map(({ text }) => text)).toEqual(TIERS.map(() => "seven boats leave the harbour"));
  const bill = (job: JobView) =>
    meterOf(job)
      .map((call) => call.join(" "))
      .toSorted();
  expect(bill(long.job)).toEqual(bill(first.long.job));
  expect(first.long.transcript.text).toBe(first.long.said);
  expect(long.transcript).toMatchObject({ isComplete: true, gaps: [] });
  expect(likeness(long, first.long)).toEqual({ isSame: true, missing: [] });
});

/**
 * If all times are known, the transcript is the same to the letter. If the end of a word is the beginning of the next, the words are the
 * same. If words have no times, the words of two chunks in their overlap cannot be separated, but no word is lost.
 */
function likeness(long: Long, first: Long) {
  const inText = new Set(long.transcript.text.split(" "));
  const missing = long.said.split(" ").filter((word) => !inText.has(word));
  const said = words(long.transcript).map(({ text }) => text);
  switch (long.shape) {
    case "segments":
    case "segments without texts":
    case "segments without times":
      return { isSame: JSON.stringify(long.transcript) === JSON.stringify(first.transcript), missing };
    case "segments without ends":
      return { isSame: said.join(" ") === long.said, missing };
    default:
      return { isSame: true, missing };
  }
}

type Long = Awaited<ReturnType<typeof speechUnder>>["long"];

async function othersUnder() {
  const pictures = [];
  for (const model of IMAGE_MODEL_NAMES) {
    const job = await work("image_generation", { prompt: "a harbour", options: { model } });
    pictures.push({ name: job.artifacts[0]?.name, bytes: await artifact(job.id, "image.jpg"), meter: meterOf(job) });
  }
  const drawn = await work("image_generation", { prompt: "a described boat", then: ["describe", "embed"] });
  const described = { text: await artifact(drawn.id, "description.txt"), meter: meterOf(drawn) };
  const photo = await completed(
    await darkroom.upload(
      { name: "a.jpg", reuse: "false" },
      Uint8Array.from(await artifact(drawn.id, "image.jpg"), (char) => char.charCodeAt(0)),
    ),
  );
  const text = await work("classification", { text: "one two\nthree four", then: ["summarise", "embed"] });
  const { results: passages } = await darkroom
    .bindings()
    .DB.prepare("SELECT source, text, hex(vector) AS vector FROM passages WHERE job_id = ?1 ORDER BY source")
    .bind(text.id)
    .all();
  const ask = async (accept: string) =>
    darkroom.api(`/v1/jobs/${text.id}/ask`, {
      method: "POST",
      headers: { accept },
      body: JSON.stringify({ question: "How many?" }),
    });
  const events: unknown[] = [];
  for await (const { event, data } of readEvents((await ask("text/event-stream")).body!)) {
    // The shape in which a model answered is recorded. It and the time are the only differences.
    const { shape: _, firstTextMs: __, ...rest } = JSON.parse(data) as { shape?: string; firstTextMs?: number };
    if (event !== "start") events.push([event, rest]);
  }
  const { hits, neurons, degraded } = await (await darkroom.api("/v1/search?q=three")).json<SearchAnswer>();
  return {
    pictures,
    described,
    labels: [photo.labels, meterOf(photo), text.labels],
    summary: [await artifact(text.id, "summary.txt"), meterOf(text)],
    passages,
    events,
    whole: await (await ask("application/json")).json(),
    found: { texts: hits.map((hit) => [hit.source, hit.similarity]), neurons, degraded },
  };
}

test("pictures, labels, texts and vectors are the same in every shape, and cost the same", async () => {
  await darkroom.setShape(0);
  const first = await othersUnder();
  expect(first).toMatchObject({
    described: { text: "A horse.\n" },
    labels: [[{ label: "horse" }, {}, {}], [["@cf/microsoft/resnet-50", 1.5, false]], {}],
    summary: ["From one to four.\n", {}],
    events: [
      ["message", { text: "token0 " }],
      ["message", { text: "token1 " }],
      ["message", { text: "token2 " }],
      ["usage", { inputTokens: 100, outputTokens: 3, neurons: 2.5, isEstimated: false }],
      ["done", {}],
    ],
    whole: { answer: "From one to four.", neurons: 1.5 },
    found: { degraded: null },
  });
  expect(first.passages.length).toBeGreaterThan(1);
  for (const number of [1, 2]) {
    await darkroom.bindings().DB.prepare("DELETE FROM jobs").run();
    await darkroom.setShape(number);
    expect(await othersUnder()).toEqual(first);
  }
});

test("every request that was made is as the contract has it", async () => {
  await speechUnder(0);
  await othersUnder();
  const safer = { name: "b.wav", options: JSON.stringify({ language: "en", task: "translate", initialPrompt: "x" }) };
  await darkroom.upload(safer, speech("loopy one two three four five six seven eight")).then(completed);
  const guided = { seed: 1, guidance: 3, width: 512, height: 512 };
  for (const model of IMAGE_MODEL_NAMES.filter((name) => name !== "flux-1-schnell")) {
    await work("image_generation", { prompt: "a guided harbour", options: { model, ...guided } });
  }
  const { requests } = await darkroom.modelCalls();
  const ajv = new Ajv2020({ strict: false });
  for (const { model, inputs, form } of requests) {
    const contract = contractOf(model)!;
    expect([model, ajv.validate(contract.request, inputs), ajv.errors]).toEqual([model, true, null]);
    const fields = form === undefined ? null : formValues(contract.form!, form);
    expect([model, ajv.validate(fields === null ? {} : contract.form!, fields), ajv.errors]).toEqual([
      model,
      true,
      null,
    ]);
  }
  // Llama is left out, because it was not called here.
  expect(new Set(requests.map(({ model }) => model))).toEqual(
    new Set(Object.keys(CONTRACTS).filter((model) => !model.includes("llama"))),
  );
  const said = (part: string) => requests.filter(({ model }) => model.includes(part));
  expect(said("moondream").map(({ inputs }) => inputs)).toMatchObject([{ task: "caption", stream: false }]);
  expect(said("flux-2-dev").map(({ form }) => form?.["steps"])).toEqual(["12", "12"]);
  expect(said("klein-4b").some(({ form }) => form?.["guidance"] === "3")).toBe(true);
});
