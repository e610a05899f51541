// `GET /v1/search`, from the embedded job to the second to which a hit links.
import { expect, test } from "vitest";

import type { SearchAnswer } from "../producer/search/schema.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { embedJob } from "./passages.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

/** Submit a job, and wait until it has ended and been embedded. */
async function embedded(job: { readonly id: string }): Promise<string> {
  await darkroom.untilJob(job.id);
  await embedJob(darkroom.bindings(), job.id);
  const sql = "SELECT state FROM tasks WHERE id = ?1";
  const { DB } = darkroom.bindings();
  await until(
    () => DB.prepare(sql).bind(`${job.id}.embed`).first("state"),
    (state) => state === "completed",
  );
  return job.id;
}

async function search(query: Record<string, string>, key?: string): Promise<SearchAnswer> {
  const response = await darkroom.api(`/v1/search?${new URLSearchParams(query).toString()}`, { ...(key && { key }) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json<SearchAnswer>();
}

/** Two minutes of speech with "boats" at the end. */
const SPOKEN = `${Array.from({ length: 170 }, (_, index) => `talk${index}`).join(" ")} boats leave the harbour at dawn`;

test("a hit says what found it, and its link is the part of the transcript that says it", async () => {
  const recording = await embedded(await darkroom.upload({ name: "talk.wav" }, speech(SPOKEN)));
  const picture = await embedded(await darkroom.submit({ kind: "image_generation", prompt: "a quiet harbour" }));
  const { hits, ...how } = await search({ q: "port" });
  expect(how).toEqual({ model: "@cf/baai/bge-m3", engine: "workers-ai", neurons: 1.5, degraded: null });
  // Nobody said "port", but it has the same meaning.
  expect(hits.map(({ foundBy }) => foundBy)).toEqual(hits.map(() => ["meaning"]));
  expect(hits[0]).toMatchObject({ jobId: picture, kind: "image_generation", source: "prompt", startMs: null });
  expect(hits[0]!.url).toBe(`${darkroom.origin()}/v1/jobs/${picture}`);

  const [said] = (await search({ q: "when do the boats leave", kind: "transcription" })).hits;
  expect(said).toMatchObject({ jobId: recording, source: "transcript", foundBy: ["words", "meaning"] });
  expect(said!.snippet).toContain("boats leave the harbour at dawn");
  expect(said!.snippet.length).toBeLessThan(said!.text.length);
  const link = new URL(said!.url);
  const excerpt = await (await darkroom.api(`${link.pathname}${link.search}`)).json<Transcript>();
  expect(excerpt.segments[0]!.startMs).toBe(said!.startMs);
  expect(excerpt.segments.at(-1)!.endMs).toBe(said!.endMs);
  expect(excerpt.text).toBe(said!.text);
  const vtt = await darkroom.api(`${link.pathname}${link.search}&format=vtt`);
  expect(await vtt.text()).toContain("harbour at dawn");
  expect((await darkroom.api(new URL(said!.jobUrl).pathname)).status).toBe(200);
});

test("a search is metered as the owner's, and one that fails for want of the model says so", async () => {
  await embedded(await darkroom.submit({ kind: "image_generation", prompt: "a lighthouse by night" }));
  await search({ q: "lighthouse" });
  const refused = await search({ q: "lighthouse error:3040" });
  expect(refused.hits.map(({ foundBy, similarity }) => [foundBy, similarity])).toEqual([[["words"], null]]);
  expect(refused).toMatchObject({ engine: null, neurons: 0 });
  expect(refused.degraded).toContain("so the search used only words");
  const late = await search({ q: "lighthouse sleep:20000" });
  expect(late.hits).toHaveLength(1);
  expect(late.degraded).not.toBeNull();
  const garbage = await search({ q: "lighthouse garbage" });
  expect(garbage.degraded).not.toBeNull();
  const { DB } = darkroom.bindings();
  const calls = "SELECT calls FROM usage_days WHERE kind = 'search' AND owner_id = 'operator'";
  expect(await DB.prepare(calls).first("calls")).toBe(4);
});

test("only passages of the kind and job are found, up to the limit, and none of another owner", async () => {
  const ids: string[] = [];
  for (const nth of [1, 2, 3]) {
    ids.push(await embedded(await darkroom.submit({ kind: "image_generation", prompt: `harbour number ${nth}` })));
  }
  await embedded(await darkroom.submit({ kind: "classification", text: "the harbour of another kind" }));
  expect((await search({ q: "harbour", kind: "image_generation" })).hits).toHaveLength(3);
  expect((await search({ q: "harbour", jobId: ids[1]! })).hits.map(({ jobId }) => jobId)).toEqual([ids[1]]);
  expect((await search({ q: "harbour", limit: "2" })).hits).toHaveLength(2);
  expect((await search({ q: "harbour" }, KEYS.other)).hits).toEqual([]);
  expect((await search({ q: "harbour", jobId: ids[1]! }, KEYS.other)).hits).toEqual([]);
});

test("an empty index, and passages without similarity, give answers without hits", async () => {
  expect(await search({ q: "anything" })).toMatchObject({ hits: [], degraded: null });
  await embedded(await darkroom.submit({ kind: "image_generation", prompt: "harbour" }));
  expect((await search({ q: "xylophone" })).hits).toEqual([]);
  for (const q of ['"unbalanced', "NEAR(", "*", "AND", "☃"]) expect((await search({ q })).hits).toEqual([]);
});

test.each([
  ["", "q"],
  ["q=", "q"],
  ["q=%20%20", "q"],
  [`q=${"x".repeat(1001)}`, "q"],
  [`q=${"x".repeat(10_000)}`, "q"],
  ["q=a&q=b", "q"],
  ["q=a&limit=0", "limit"],
  ["q=a&limit=51", "limit"],
  ["q=a&kind=film", "kind"],
  ["q=a&jobId=", "jobId"],
  ["q=a&what=else", ""],
])("the %#th query is refused with the reason", async (query, path) => {
  const response = await darkroom.api(`/v1/search?${query}`);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ code: "invalid_request", issues: [{ path }] });
});

test.each([
  ["fromMs=-1", "fromMs"],
  ["fromMs=x", "fromMs"],
  ["fromMs=2000&toMs=2000", "toMs"],
  ["toMs=0", "toMs"],
])("an excerpt of '%s' is refused", async (query, path) => {
  const { id } = await darkroom.upload({ name: "a.wav" }, speech("one two"));
  await darkroom.untilJob(id);
  const response = await darkroom.api(`/v1/jobs/${id}/transcript?${query}`);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ issues: [{ path }] });
});
