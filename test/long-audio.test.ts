// A recording of many chunks: planned, transcribed in parallel, joined; interrupted, refused and resumed.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { Transcript } from "../shared/transcripts/transcript.ts";
import { ffmpeg, fileBytes } from "./audio/media.ts";
import { startDarkroom, until } from "./harness.ts";
import { speech, WORD_MS } from "./speech.ts";
import { someOf } from "./long.ts";

const darkroom = startDarkroom();

/** Return `count` different words, some of them replaced by a direction for the scripted model. */
function words(count: number, special: Record<number, string> = {}, prefix = "w"): string[] {
  return Array.from({ length: count }, (_, index) => special[index] ?? `${prefix}${index}`);
}

async function transcribe(said: readonly string[]): Promise<string> {
  return (await darkroom.upload({ name: "long.wav", reuse: "false" }, speech(said.join(" ")))).id;
}

async function transcript(id: string): Promise<Transcript> {
  return (await darkroom.api(`/v1/jobs/${id}/transcript`)).json<Transcript>();
}

async function joined(id: string): Promise<string> {
  return (await darkroom.api(`/v1/jobs/${id}/artifacts/transcript.json`)).text();
}

test("three minutes are cut, transcribed and joined: every word once, in order, at its time", async () => {
  const said = words(360);
  const id = await transcribe(said);
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({
    state: "completed",
    progress: { audioMsDone: 180_000, audioMsTotal: 180_000, fraction: 1 },
  });
  expect(job.progress.tasksTotal).toBeGreaterThanOrEqual(5);
  const { text, segments, isComplete, gaps, lowConfidence } = await transcript(id);
  expect(text).toBe(said.join(" "));
  expect({ isComplete, gaps, lowConfidence }).toEqual({ isComplete: true, gaps: [], lowConfidence: [] });
  const heard = segments.flatMap((segment) => segment.words);
  for (const [index, word] of heard.entries()) {
    expect(Math.abs(word.startMs - index * WORD_MS)).toBeLessThan(50);
  }
});

test("the work of a consumer that dies is resumed: no finished chunk is paid for twice, and the result is the same", async () => {
  const { DB } = darkroom.bindings();
  const said = words(360, { 200: "sleep:4000" }, "r");
  const undisturbed = await transcribe(said);
  await darkroom.untilJob(undisturbed);
  const before = (await darkroom.modelCalls()).calls;

  const id = await transcribe(said);
  await until(
    () => darkroom.readJob(id),
    (job) => (job.progress.audioMsDone ?? 0) > 0,
  );
  // The consumer of the slow chunk dies: its lease expires, and its later answer does not count.
  await DB.prepare("UPDATE tasks SET check_at = 0 WHERE state = 'running' AND job_id = ?1").bind(id).run();
  await darkroom.maintain();
  const job = await darkroom.untilJob(id);
  expect(job.state).toBe("completed");
  expect(job.attempts.filter(({ outcome }) => outcome === "lost")).toHaveLength(1);
  expect(await joined(id)).toBe(await joined(undisturbed));
  const after = (await darkroom.modelCalls()).calls;
  const again = Object.entries(after).filter(
    ([script, count]) => script.includes("r1 ") || count - (before[script] ?? 0) > 1,
  );
  for (const [script, count] of again) {
    expect(count - (before[script] ?? 0)).toBe(script.includes("sleep:") ? 2 : 1);
  }
});

test("a chunk that cannot be transcribed leaves a marked gap, and is redriven on its own", async () => {
  const said = words(360, { 180: "error:3010x1" }, "g");
  const id = await transcribe(said);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code: "unsupported_audio" } });
  const partial = await transcript(id);
  expect(partial).toMatchObject({ isComplete: false, gaps: [{ reason: "unsupported_audio" }] });
  const [gap] = partial.gaps;
  expect(gap!.startMs).toBeLessThan(90_000);
  expect(gap!.endMs).toBeGreaterThan(90_000);
  expect(partial.text).toContain("g0 g1 g2");
  expect(partial.text).toContain("g359");
  const vtt = await (await darkroom.api(`/v1/jobs/${id}/transcript?format=vtt`)).text();
  expect(vtt).toMatch(/^WEBVTT\n\nNOTE Missing from 00:00:[\d.]+ to 00:0\d:[\d.]+: unsupported_audio\n\n00:00:00/);

  type Letters = { deadLetters: { id: string }[] };
  const { deadLetters } = await (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>();
  expect(deadLetters).toHaveLength(1);
  expect((await darkroom.api(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, { method: "POST" })).status).toBe(202);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", error: null });
  const whole = await transcript(id);
  expect(whole).toMatchObject({ isComplete: true, gaps: [], text: said.join(" ") });
});

test("of two discarded chunks one is redriven with other options, the other with those of its job", async () => {
  const said = words(480, { 100: "error:3010x1 o", 300: "error:3010x1 p" }, "o");
  const id = await transcribe(said);
  const failed = await darkroom.untilJob(id);
  type Letters = { deadLetters: { id: string }[] };
  const { deadLetters } = await (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>();
  expect(deadLetters).toHaveLength(2);
  const edited = { options: { initialPrompt: "a harbour" } };
  expect((await darkroom.post(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, edited)).status).toBe(202);
  const many = await darkroom.post("/v1/redrives", { filter: { jobId: id } });
  expect(await many.json()).toMatchObject({ progress: { matched: 1 } });
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ state: "completed", input: failed.input });
  expect(await transcript(id)).toMatchObject({ isComplete: true, gaps: [] });
  const { results } = await darkroom
    .bindings()
    .DB.prepare(
      "SELECT args ->> '$.options.initialPrompt' AS prompt, count(*) AS n FROM tasks WHERE kind = 'transcribe_chunk' GROUP BY 1",
    )
    .all<{ prompt: string | null; n: number }>();
  expect(results.find(({ prompt }) => prompt === "a harbour")?.n).toBe(1);
});

test("a chunk redriven while the join waits to run again is not left out of it", async () => {
  const { DB } = darkroom.bindings();
  const said = words(240, { 180: "error:3010x1" }, "j");
  const id = await transcribe(said);
  await darkroom.untilJob(id);
  // This is the state after the join was redriven first: ready, and not leased yet.
  await DB.prepare(
    "UPDATE tasks SET state = 'available', finalized_at = NULL, check_at = 9e15, max_attempts = 9 WHERE kind = 'join_transcript'",
  ).run();
  const letters = await (await darkroom.api("/v1/dead-letters?view=list")).json<{ deadLetters: { id: string }[] }>();
  await darkroom.api(`/v1/dead-letters/${letters.deadLetters[0]!.id}/redrive`, { method: "POST" });
  expect((await darkroom.untilJob(id)).state).toBe("completed");
  expect(await transcript(id)).toMatchObject({ isComplete: true, text: said.join(" ") });
});

test("a chunk that is too large for the model is split further instead of failing", async () => {
  const said = words(360, { 100: "brief" }, "s");
  const id = await transcribe(said);
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ state: "completed", error: null });
  expect((await transcript(id)).text).toBe(said.join(" "));
});

test("a short recording that was to be transcribed in one task is split too", async () => {
  const said = words(100, { 40: "brief" }, "t");
  const folder = await mkdtemp(join(tmpdir(), "darkroom-long-"));
  const [wav, mka] = [join(folder, "sound.wav"), join(folder, "short.mka")];
  try {
    await writeFile(wav, speech(said.join(" ")));
    await ffmpeg(["-i", wav, "-c:a", "copy", mka]);
    const { id } = await darkroom.upload({ name: "short.mka", reuse: "false" }, await fileBytes(mka));
    const job = await darkroom.untilJob(id);
    expect(job).toMatchObject({ state: "completed", error: null });
    expect(job.progress.chunksTotal).toBeGreaterThan(1);
    expect(await transcript(id)).toMatchObject({ isComplete: true, text: said.join(" ") });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a picture that outlasts its sound is not a failure: if there is nothing to transcribe, no model is asked", async () => {
  const said = words(60, {}, "v");
  const folder = await mkdtemp(join(tmpdir(), "darkroom-long-"));
  const [wav, video] = [join(folder, "sound.wav"), join(folder, "video.mkv")];
  try {
    await writeFile(wav, speech(said.join(" ")));
    const picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=2:d=150", "-c:v", "libx264", "-preset", "ultrafast"];
    await ffmpeg(["-i", wav, ...picture, "-c:a", "copy", video]);
    const { id } = await darkroom.upload({ name: "video.mkv", reuse: "false" }, await fileBytes(video));
    const job = await darkroom.untilJob(id);
    expect(job).toMatchObject({ state: "completed", error: null, progress: { audioMsTotal: 150_000 } });
    expect(job.attempts.filter(({ model }) => model !== null).length).toBeLessThan(job.progress.chunksTotal ?? 0);
    expect(await transcript(id)).toMatchObject({ isComplete: true, gaps: [], text: said.join(" ") });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("words after a pause keep the source's time, within a chunk as well", async () => {
  const said = words(60, {}, "u");
  const folder = await mkdtemp(join(tmpdir(), "darkroom-long-"));
  const [wav, paused] = [join(folder, "sound.wav"), join(folder, "paused.mkv")];
  try {
    await writeFile(wav, speech(said.join(" ")));
    // Twenty seconds of silence after the twentieth word. A packet has 128 ms.
    await ffmpeg([
      "-max_size",
      "2048",
      "-i",
      wav,
      "-c:a",
      "copy",
      "-bsf:a",
      "setts=ts=if(gte(N\\,79)\\,TS+20000\\,TS)",
      paused,
    ]);
    const { id } = await darkroom.upload({ name: "paused.mkv", reuse: "false" }, await fileBytes(paused));
    const job = await darkroom.untilJob(id);
    // It is short enough for one call, so there are no stages.
    expect(job).toMatchObject({ state: "completed", progress: { tasksTotal: 1 } });
    const { text, segments, lowConfidence, durationMs } = await transcript(id);
    expect({ text, lowConfidence, durationMs }).toEqual({
      text: said.join(" "),
      lowConfidence: [],
      durationMs: 50_000,
    });
    const spoken = segments.flatMap((segment) => segment.words);
    for (const [index, word] of spoken.entries()) {
      const expectedMs = index * 500 + (index >= 20 ? 20_000 : 0);
      expect(Math.abs(word.startMs - expectedMs)).toBeLessThan(300);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a looping chunk is transcribed once more with safer options; if the model has none, it is marked at once", async () => {
  const said = words(360, { 30: "loopy" }, "l");
  const id = await transcribe(said);
  await darkroom.untilJob(id);
  expect(await transcript(id)).toMatchObject({ text: said.join(" "), lowConfidence: [] });

  const { id: fast } = await darkroom.upload(
    { name: "loop.wav", options: '{"tier":"fast"}' },
    speech(words(60, { 30: "loopy" }, "f").join(" ")),
  );
  await darkroom.untilJob(fast);
  expect((await transcript(fast)).lowConfidence).toMatchObject([{ reason: "a phrase repeats over and over" }]);
  const { calls } = await darkroom.modelCalls();
  expect(Object.entries(calls).filter(([script]) => script.includes("f29 loopy"))).toMatchObject([
    [expect.any(String), 1],
  ]);
});

const DOUBTS: readonly (readonly [word: string, reason: RegExp, times: number])[] = [
  ["repetitive", /^the text repeats itself$/, 2],
  ["unsure", /^the model was unsure$/, 2],
  ["invented", /^there may be no speech here$/, 2],
  // Another attempt would read the file equally badly, so the model is not called again.
  ["halfread", /^the model read \d+ ms of \d+ ms of audio$/, 1],
];

test.each(someOf(DOUBTS, 3))(
  "a chunk that the model calls %s is transcribed again where that helps, kept, and marked",
  async (word, reason, times) => {
    const said = words(240, { 200: word }, word.slice(0, 2));
    const id = await transcribe(said);
    await darkroom.untilJob(id);
    const { text, lowConfidence, isComplete } = await transcript(id);
    expect({ text, isComplete }).toEqual({ text: said.join(" "), isComplete: true });
    expect(lowConfidence).toHaveLength(1);
    const [stretch] = lowConfidence;
    expect(stretch?.reason).toMatch(reason);
    expect(stretch?.startMs).toBeLessThan(100_000);
    expect(stretch?.endMs).toBeGreaterThan(100_000);
    const { calls } = await darkroom.modelCalls();
    expect(Object.entries(calls).find(([script]) => script.includes(word))?.[1]).toBe(times);
  },
);

test("the transcript can be read while it grows, in every format, and says that it is partial", async () => {
  const id = await transcribe(words(480, { 300: "sleep:4000" }, "p"));
  const job = await until(
    () => darkroom.readJob(id),
    ({ progress }) => (progress.audioMsDone ?? 0) > 0,
  );
  expect(job.state).toBe("running");
  expect(job.progress.audioMsTotal).toBe(240_000);
  const { chunksCompleted, chunksTotal, tasksTotal } = job.progress;
  expect(chunksTotal).toBe(tasksTotal - 2); // without the plan and the join
  expect(chunksCompleted).toBeGreaterThan(0);
  expect(chunksCompleted).toBeLessThan(chunksTotal ?? 0);
  const part = await darkroom.api(`/v1/jobs/${id}/transcript?format=txt`);
  expect(part.headers.get("x-transcript-complete")).toBe("false");
  const text = await part.text();
  expect(text).toMatch(/^p0 p1 p2/);
  expect(text).not.toContain("p301");
  const growing = await (await darkroom.api(`/v1/jobs/${id}/transcript?format=vtt`)).text();
  expect(growing).toMatch(/^WEBVTT\n\nNOTE This transcript is not complete yet\.\n\n00:00:00/);
  await darkroom.untilJob(id);
  const vtt = await darkroom.api(`/v1/jobs/${id}/transcript?format=vtt&preset=bbc&maxLineLength=20`);
  expect(vtt.headers.get("x-transcript-complete")).toBe("true");
  const captions = await vtt.text();
  expect(captions).not.toContain("NOTE");
  const lines = captions.split("\n").filter((line) => line !== "" && !line.includes("-->"));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20);
  const srt = await (await darkroom.api(`/v1/jobs/${id}/transcript?format=srt`)).text();
  expect(srt).toMatch(/^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\np0 /);
});

test.each([
  ["format=docx", /^format/],
  ["maxLineLength=2", /^maxLineLength/],
  ["preset=hbo", /^preset/],
])("a wrong query for a transcript is refused: %s", async (query, detail) => {
  const id = await transcribe(words(4));
  const response = await darkroom.api(`/v1/jobs/${id}/transcript?${query}`);
  expect(response.status).toBe(422);
  expect((await response.json<{ detail: string }>()).detail).toMatch(detail);
});

test("cancelling a long recording ends its chunks and its join, and keeps what was transcribed", async () => {
  const id = await transcribe(words(360, { 100: "sleep:8000" }, "c"));
  await until(
    () => transcript(id),
    ({ text }) => text.includes("c300"),
  );
  expect((await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" })).status).toBe(200);
  const { results } = await darkroom
    .bindings()
    .DB.prepare("SELECT state FROM tasks WHERE job_id = ?1 AND finalized_at IS NULL")
    .bind(id)
    .all();
  expect(results).toEqual([]);
  const kept = await transcript(id);
  expect(kept).toMatchObject({ isComplete: false, text: expect.stringContaining("c300") as string });
  // The running chunk is not written at the time when its answer would have come.
  await until(
    async () => Object.keys((await darkroom.modelCalls()).stopped),
    (scripts) => scripts.some((script) => script.includes("sleep:8000")),
  );
  expect(await transcript(id)).toEqual(kept);
  expect((await darkroom.readJob(id)).state).toBe("cancelled");
});
