import { expect, test } from "vitest";

import { beginDeletions } from "../shared/db/jobs/deletions.ts";
import { d1Index } from "../shared/search/d1-index.ts";
import type { Hit, PassageQuery } from "../shared/search/passage.ts";
import { vectorizeIndex } from "../shared/search/vectorize-index.ts";
import { startDarkroom } from "./harness.ts";
import { insertJob as insertJobRow, passagesOf, towards } from "./passages.ts";
import { standInForVectorize } from "./vectorize.ts";

const darkroom = startDarkroom();
const SPACE = "model engine 2";

async function insertJob(id: string, ownerId?: string): Promise<void> {
  await insertJobRow(darkroom.bindings().DB, id, ownerId);
}

async function put(
  jobId: string,
  texts: readonly { text: string; angle?: number }[],
  { ownerId = "operator", space = SPACE }: { ownerId?: string; space?: string } = {},
): Promise<void> {
  const job = { id: jobId, ownerId, kind: "classification" } as const;
  await d1Index(darkroom.bindings().DB).put(job, { passages: passagesOf(jobId, texts), space });
}

function query(asked: Partial<PassageQuery>): Promise<readonly Hit[]> {
  const all = { ownerId: "operator", text: "", meaning: null, limit: 10 };
  return d1Index(darkroom.bindings().DB).query({ ...all, ...asked });
}

async function idsOf(asked: Partial<PassageQuery>): Promise<readonly string[]> {
  return (await query(asked)).map(({ id }) => id);
}

test("a hit says whether it was found by words, by meaning or by both", async () => {
  await insertJob("job_a");
  await put("job_a", [
    { text: "The harbour was quiet at dawn.", angle: 0 },
    { text: "Ships lay still in the early light.", angle: 10 },
    { text: "The harbours of the north freeze.", angle: 80 },
    { text: "Nothing of that.", angle: 90 },
  ]);
  const hits = await query({ text: "harbour", meaning: { vector: towards(5), space: SPACE } });
  const foundBy = Object.fromEntries(hits.map((hit) => [hit.text.slice(0, 12), hit.foundBy]));
  expect(foundBy).toEqual({
    "The harbour ": ["words", "meaning"],
    "The harbours": ["words", "meaning"], // the stem, not the letters
    "Ships lay st": ["meaning"],
    "Nothing of t": ["meaning"],
  });
  expect(hits[0]).toMatchObject({
    jobId: "job_a",
    kind: "classification",
    source: "transcript",
    startMs: 0,
    endMs: 900,
  });
  expect(hits[0]?.similarity).toBeCloseTo(Math.cos((5 / 180) * Math.PI), 6);
  expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).toSorted((a, b) => b - a));
  expect(await idsOf({ text: "harbour" })).toHaveLength(2);
  expect(await idsOf({ text: "", meaning: { vector: towards(0), space: SPACE }, limit: 2 })).toEqual([
    "job_a:transcript:0",
    "job_a:transcript:1",
  ]);
});

test("a word that most passages have counts little next to one that few have", async () => {
  await insertJob("job_a");
  const common = Array.from({ length: 40 }, (_, index) => ({ text: `the day number ${index} and the night after` }));
  await put("job_a", [...common, { text: "the lighthouse keeper" }]);
  expect(await idsOf({ text: "what of the lighthouse" })).toEqual(["job_a:transcript:40"]);
});

test("stop words are searched for only if the query has no others", async () => {
  await insertJob("job_a");
  await put("job_a", [{ text: "boats in the harbour" }, { text: "who is there" }]);
  expect(await idsOf({ text: "who is in the harbour" })).toEqual(["job_a:transcript:0"]);
  expect(await idsOf({ text: "Who is in the castle" })).toEqual([]);
  expect(await idsOf({ text: "who is there" })).toEqual(["job_a:transcript:1"]);
});

test("no part of what was typed is syntax", async () => {
  await insertJob("job_a");
  await put("job_a", [{ text: 'A cup and a saucer NEAR the "edge" of text, C++ and well-known' }]);
  const everything = Array.from({ length: 500 }, (_, index) => `w${index}`).join(" ");
  for (const text of [
    "cup AND nothing",
    "cup OR",
    "NOT cup",
    'NEAR(cup "saucer", 3)',
    "cup*",
    'unbalanced " cup',
    '""" cup',
    "owner : cup",
    "text:cup",
    "{text owner} : cup",
    "-cup +cup ^cup (cup",
    "cup\u0000 AND",
    "well-known",
    "C++",
    "edge'; DROP TABLE passages; --",
    `${everything} cup`.split(" ").toReversed().join(" "),
  ]) {
    expect([text, await idsOf({ text })]).toEqual([text, ["job_a:transcript:0"]]);
  }
  for (const text of ["", " \n", "*", '"', "AND", "☃ !!", "cu*", "text", "\ud800", "\u{10d50}\u{10d51}", everything]) {
    const isThere = ["AND", "text"].includes(text); // that passage contains these words
    expect([text, await idsOf({ text })]).toEqual([text, isThere ? ["job_a:transcript:0"] : []]);
  }
});

test("accents and case do not matter", async () => {
  await insertJob("job_a");
  await put("job_a", [{ text: "Le Café à Żywiec" }]);
  for (const text of ["cafe", "CAFÉ", "Cafe\u0301", "zywiec"]) expect(await idsOf({ text })).toHaveLength(1);
});

test("an owner finds only their own passages, whatever owners are called, and only in the job or kind they name", async () => {
  for (const owner of ["ann", "ann-b", "___", "6f"]) {
    await insertJob(`job_${owner}`, owner);
    await put(`job_${owner}`, [{ text: "the same words", angle: 0 }], { ownerId: owner });
  }
  const meaning = { vector: towards(0), space: SPACE };
  for (const ownerId of ["ann", "ann-b", "___", "6f"]) {
    const hits = await query({ ownerId, text: "same words", meaning });
    expect(hits.map(({ jobId }) => jobId)).toEqual([`job_${ownerId}`]);
  }
  expect(await query({ ownerId: "nobody", text: "same", meaning })).toEqual([]);
  expect(await query({ ownerId: "ann", text: "same", meaning, jobId: "job_ann-b" })).toEqual([]);
  expect(await query({ ownerId: "ann", text: "same", meaning, kind: "transcription" })).toEqual([]);
  expect(await query({ ownerId: "ann", text: "same", meaning, kind: "classification", jobId: "job_ann" })).toHaveLength(
    1,
  );
});

test("passages cannot be put under another owner's job, nor under one that is gone", async () => {
  await insertJob("job_a");
  await put("job_a", [{ text: "mine" }], { ownerId: "ben" });
  await put("job_gone", [{ text: "mine" }]);
  expect(await idsOf({ text: "mine" })).toEqual([]);
  expect(await idsOf({ ownerId: "ben", text: "mine" })).toEqual([]);
});

test("put again, a job has its new passages and none of the old", async () => {
  await insertJob("job_a");
  await put("job_a", [{ text: "an early version" }, { text: "with a second half" }]);
  await put("job_a", [{ text: "a later version" }]);
  expect(await idsOf({ text: "version" })).toEqual(["job_a:transcript:0"]);
  expect(await idsOf({ text: "early" })).toEqual([]);
  expect(await idsOf({ text: "half", meaning: { vector: towards(90), space: SPACE } })).toEqual(["job_a:transcript:0"]);
});

test("vectors of another space are not compared", async () => {
  await insertJob("job_a");
  await insertJob("job_b");
  await put("job_a", [{ text: "one", angle: 0 }], { space: "model other-engine 2" });
  await put("job_b", [{ text: "two", angle: 90 }]);
  expect(await idsOf({ meaning: { vector: towards(0), space: SPACE } })).toEqual(["job_b:transcript:0"]);
});

test("deleting a job, ended or not, leaves no word and no vector", async () => {
  const { DB } = darkroom.bindings();
  for (const id of ["job_a", "job_b", "job_c"]) {
    await insertJob(id);
    await put(id, [{ text: "a lighthouse" }]);
  }
  await DB.prepare("UPDATE jobs SET state = 'completed', finalized_at = 1 WHERE id = 'job_a'").run();
  await darkroom.maintain();
  await beginDeletions(DB, [{ id: "job_b" }, { id: "job_unknown" }], {
    now: Date.now(),
  });
  expect(await idsOf({ text: "lighthouse", meaning: { vector: towards(0), space: SPACE } })).toEqual([
    "job_c:transcript:0",
  ]);
  // FTS5 compares its index with its table, and fails if they differ.
  await DB.prepare("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)").run();
  const words = await DB.prepare("SELECT count(*) AS n FROM passages_fts WHERE passages_fts MATCH 'lighthouse'").first(
    "n",
  );
  expect(words).toBe(1);
});

test("the nearest of many are exact, through several pages", async () => {
  await insertJob("job_a");
  const angles = Array.from({ length: 620 }, (_, index) => ((index * 7919) % 620) * 0.25);
  await put(
    "job_a",
    angles.map((angle, index) => ({ text: `passage ${index}`, angle })),
  );
  const hits = await query({ meaning: { vector: towards(70.1), space: SPACE }, limit: 50 });
  const nearest = angles
    .map((angle, index) => ({ id: `job_a:transcript:${index}`, away: Math.abs(angle - 70.1) }))
    .toSorted((a, b) => a.away - b.away)
    .slice(0, 50);
  expect(hits.map(({ id }) => id)).toEqual(nearest.map(({ id }) => id));
});

test("with Vectorize, vectors live there, within its limits, and text and words in D1", async () => {
  const { DB } = darkroom.bindings();
  const { binding, stored, calls, asked } = standInForVectorize();
  const index = vectorizeIndex(DB, binding);
  const ownerId = "o".repeat(100);
  const job = { id: `job_${"f".repeat(32)}`, ownerId, kind: "classification" } as const;
  await insertJob(job.id, ownerId);
  const texts = Array.from({ length: 1150 }, (_, nth) => ({ text: `passage ${nth}`, angle: nth / 10 }));
  await index.put(job, { passages: passagesOf(job.id, texts), space: SPACE });
  expect(calls).toEqual([
    { name: "upsert", size: 1000 },
    { name: "upsert", size: 150 },
  ]);
  const inD1 = await DB.prepare("SELECT count(*) AS n, count(vector) AS vectors FROM passages").first();
  expect(inD1).toEqual({ n: 1150, vectors: 0 });

  const meaning = { vector: towards(30), space: SPACE };
  const hits = await index.query({ ownerId, text: "300", meaning, limit: 3, jobId: job.id });
  expect(asked).toMatchObject([{ topK: 100, returnMetadata: "none", filter: { space: SPACE, jobId: job.id } }]);
  expect(hits).toHaveLength(3);
  expect(hits[0]).toMatchObject({ text: "passage 300", startMs: 300_000, foundBy: ["words", "meaning"] });
  expect(await index.query({ ownerId: "other", text: "passage", meaning, limit: 3 })).toEqual([]);
  expect(await index.query({ ownerId, text: "", meaning, limit: 3, kind: "transcription" })).toEqual([]);

  // There are fewer passages than before. The rest is deleted, a hundred in each call.
  calls.length = 0;
  await index.put(job, { passages: passagesOf(job.id, texts.slice(0, 900)), space: SPACE });
  expect(calls.map(({ name, size }) => `${name} ${size}`)).toEqual([
    "deleteByIds 100",
    "deleteByIds 100",
    "deleteByIds 50",
    "upsert 900",
  ]);
  const leftovers = await beginDeletions(DB, [{ id: job.id }], { now: Date.now() });
  await index.forget(leftovers.flatMap(({ passageIds }) => passageIds));
  expect(stored.size).toBe(0);
  expect(await index.query({ ownerId, text: "passage", meaning, limit: 3 })).toEqual([]);
});

test("a vector that Vectorize still has of a deleted job is not a hit, and none is written for such a job", async () => {
  const { DB } = darkroom.bindings();
  const { binding, stored } = standInForVectorize();
  const index = vectorizeIndex(DB, binding);
  const job = { id: "job_a", ownerId: "operator", kind: "classification" } as const;
  await insertJob(job.id);
  await index.put(job, { passages: passagesOf(job.id, [{ text: "late", angle: 0 }]), space: SPACE });
  await DB.prepare("DELETE FROM jobs").run();
  const meaning = { vector: towards(0), space: SPACE };
  expect(await index.query({ ownerId: "operator", text: "late", meaning, limit: 3 })).toEqual([]);
  stored.clear();
  await index.put(job, { passages: passagesOf(job.id, [{ text: "late" }]), space: SPACE });
  expect(stored.size).toBe(0);
});
