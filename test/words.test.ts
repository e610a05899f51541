// The words of every finished job are found, without a step that calls a model.
import { expect, test } from "vitest";

import { createClient } from "../client/index.ts";
import type { SearchAnswer } from "../producer/search/schema.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

async function found(q: string, more: Record<string, string> = {}): Promise<SearchAnswer["hits"]> {
  const query = new URLSearchParams({ q, ...more }).toString();
  return (await (await darkroom.api(`/v1/search?${query}`)).json<SearchAnswer>()).hits;
}

async function done(job: { readonly id: string }): Promise<string> {
  expect((await darkroom.untilJob(job.id)).state).toBe("completed");
  return job.id;
}

const rowsOf = async (jobId: string) =>
  (
    await darkroom
      .bindings()
      .DB.prepare(
        "SELECT source, text, start_ms AS startMs, end_ms AS endMs, space, vector FROM passages WHERE job_id = ?1 ORDER BY number",
      )
      .bind(jobId)
      .all()
  ).results;

const WORDS_ALONE = { space: "", vector: null };
const UNTIMED = { startMs: null, endMs: null, ...WORDS_ALONE };

test("transcripts, prompts, classified and generated texts are found once their job has ended, only by words", async () => {
  const recording = await done(await darkroom.upload({ name: "a.wav" }, speech("the boats leave at dawn")));
  const picture = await done(await darkroom.submit({ kind: "image_generation", prompt: "a quiet lighthouse" }));
  const { MEDIA } = darkroom.bindings();
  await MEDIA.put("elsewhere/a.prompt", "a noisy windmill");
  const filed = await done(await darkroom.submit({ kind: "image_generation", source: "elsewhere/a.prompt" }));
  const text = await done(await darkroom.submit({ kind: "classification", text: "a splendid afternoon" }));
  const file = await done(await darkroom.upload({ name: "a.txt" }, "a dreadful evening"));
  const asked = { kind: "classification", text: "fishermen sell herring every morning", then: ["summarise"] };
  const summarised = await done(await darkroom.submit(asked));
  const queries = { boats: recording, lighthouse: picture, windmill: filed, afternoon: text, dreadful: file };
  for (const [query, jobId] of Object.entries(queries)) {
    expect([query, (await found(query)).map((hit) => [hit.jobId, hit.foundBy])]).toEqual([query, [[jobId, ["words"]]]]);
  }
  const [said] = await found("boats");
  expect(said).toMatchObject({ source: "transcript", startMs: 0, endMs: 2400, similarity: null });
  expect(await rowsOf(recording)).toEqual([
    { source: "transcript", text: "the boats leave at dawn", startMs: 0, endMs: 2400, ...WORDS_ALONE },
  ]);
  expect(await rowsOf(text)).toEqual([
    { source: "text", text: "a splendid afternoon", ...UNTIMED },
    { source: "labels", text: "horse 0.7, cup 0.2, moon 0.1", ...UNTIMED },
  ]);
  expect((await rowsOf(summarised)).map(({ source }) => source)).toEqual(["text", "labels", "summary"]);
  // No other owner finds them, and no model was called for them.
  expect((await (await darkroom.api("/v1/search?q=boats", { key: KEYS.other })).json<SearchAnswer>()).hits).toEqual([]);
});

test("a long recording is found to the second, and one with a gap by more once the gap is filled", async () => {
  const words = Array.from({ length: 360 }, (_, index) => (index === 180 ? "error:3010x1" : `g${index}`));
  const { id } = await darkroom.upload({ name: "long.wav" }, speech(words.join(" ")));
  expect((await darkroom.untilJob(id)).state).toBe("failed");
  const [early] = await found("g40");
  expect(early!.startMs! <= 20_000 && early!.endMs! >= 20_000).toBe(true);
  expect(await found("g181")).toEqual([]);
  const { deadLetters } = await (
    await darkroom.api("/v1/dead-letters?view=list")
  ).json<{ deadLetters: { id: string }[] }>();
  await darkroom.api(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, { method: "POST" });
  await done({ id });
  const [filled, ...more] = await found("g181");
  expect([filled!.startMs! <= 90_500 && filled!.endMs! >= 90_500, more]).toEqual([true, []]);
  expect(await found("g40")).toHaveLength(1);
});

test("an embedded job is still found by its meaning", async () => {
  const id = await done(await darkroom.submit({ kind: "classification", text: "a quiet harbour", then: ["embed"] }));
  const rows = await rowsOf(id);
  expect(rows.map(({ space }) => space)).toEqual(rows.map(() => "@cf/baai/bge-m3 workers-ai 64"));
  const [hit, ...more] = await found("harbour");
  expect([hit!.foundBy, more]).toEqual([["words", "meaning"], []]);
});

test("jobs that ended before they could be found by their words are, after a few runs of maintenance", async () => {
  const { DB } = darkroom.bindings();
  const ids: string[] = [];
  for (let index = 0; index < 30; index += 1) {
    ids.push((await darkroom.submit({ kind: "classification", text: `numbered${index} text` })).id);
  }
  const recording = await done(await darkroom.upload({ name: "a.wav" }, speech("the boats leave at dawn")));
  for (const id of ids) await done({ id });
  await DB.batch([DB.prepare("DELETE FROM passages"), DB.prepare("DELETE FROM cursors WHERE name = 'words'")]);
  const { jobs } = createClient({ baseUrl: darkroom.origin(), key: KEYS.operator });
  await darkroom.maintain();
  expect(await DB.prepare("SELECT count(DISTINCT job_id) AS n FROM passages").first("n")).toBe(25);
  await darkroom.maintain();
  expect(await DB.prepare("SELECT count(DISTINCT job_id) AS n FROM passages").first("n")).toBe(31);
  expect(await DB.prepare("SELECT value FROM cursors WHERE name = 'words'").first("value")).toBe("all");
  expect((await found("boats")).map(({ jobId }) => jobId)).toEqual([recording]);
  for (const index of [0, 29])
    expect((await found(`numbered${index}`)).map(({ jobId }) => jobId)).toEqual([ids[index]]);
  // Nothing is written twice, and deleted words stay deleted.
  await jobs.delete(ids[0]!);
  await darkroom.maintain();
  expect(await found("numbered0")).toEqual([]);
});

test("a reused result is found once, as the job that paid for it, and after its deletion as one of the others", async () => {
  const work = { kind: "classification", text: "a solitary battleship" };
  const first = await done(await darkroom.submit(work));
  const others = [await done(await darkroom.submit(work)), await done(await darkroom.submit(work))].toSorted();
  const { jobs } = createClient({ baseUrl: darkroom.origin(), key: KEYS.operator });
  const hits = async () => (await found("battleship")).map(({ jobId }) => jobId);
  expect(await hits()).toEqual([first]);
  const rows = await rowsOf(first);
  await jobs.delete(others[1]!);
  expect(await hits()).toEqual([first]);
  await jobs.delete(first);
  expect(await hits()).toEqual([others[0]]);
  expect(await rowsOf(others[0]!)).toEqual(rows);
  await jobs.delete(others[0]!);
  expect(await hits()).toEqual([]);
});
