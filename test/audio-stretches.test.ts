// GET /v1/jobs/{id}/audio: parts of a recording that a browser plays, with a key and by a signed link.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createClient } from "../client/index.ts";
import { ffmpeg, fileBytes } from "./audio/media.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech, WORD_MS } from "./speech.ts";

const darkroom = startDarkroom();

const said = (count: number, prefix = "w") =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`).join(" ");

async function transcribed(words: string, more: Record<string, string> = {}): Promise<string> {
  const { id } = await darkroom.upload({ name: "long.wav", ...more }, speech(words));
  expect((await darkroom.untilJob(id)).state).toBe("completed");
  return id;
}

const client = () => createClient({ baseUrl: darkroom.origin(), key: KEYS.operator });

/** Return the words in a cut of scripted speech. */
const wordsIn = (bytes: Uint8Array) =>
  [...new TextDecoder("latin1").decode(bytes).matchAll(/<([^<>]+)>/g)].map(([, word]) => word);

test("a stretch across the chunks of a long recording has the sound of that time, and says where it begins and ends", async () => {
  const id = await transcribed(said(360));
  const stretch = await client().jobs.audio(id, { fromMs: 40_000, toMs: 130_000 });
  expect(stretch).toMatchObject({
    contentType: "audio/wav",
    fromMs: 40_000,
    toMs: 130_000,
    durationMs: 180_000,
    pauses: [],
  });
  const expected = Array.from({ length: 90_000 / WORD_MS }, (_, index) => `w${index + 40_000 / WORD_MS}`);
  expect(wordsIn(stretch!.bytes)).toEqual(expected);
  // Without an end, the answer has as much as it can hold.
  const rest = await client().jobs.audio(id, { fromMs: 90_000 });
  expect(rest).toMatchObject({ fromMs: 90_000, toMs: 180_000 });
});

test("a job that reuses a result has its own recording cut by the plan of the other job", async () => {
  await transcribed(said(180, "r"));
  const again = await transcribed(said(180, "r"));
  expect((await darkroom.readJob(again)).reused).not.toBeNull();
  const stretch = await client().jobs.audio(again, { fromMs: 30_000, toMs: 80_000 });
  expect(wordsIn(stretch!.bytes)).toHaveLength(50_000 / WORD_MS);
});

test("a recording is played before its job has run, and after it has failed", async () => {
  await darkroom.post("/v1/queues/transcription/pause", {});
  const { id } = await darkroom.upload({ name: "a.wav" }, speech(said(200, "q")));
  expect((await darkroom.readJob(id)).state).toBe("queued");
  expect(wordsIn((await client().jobs.audio(id, { fromMs: 50_000, toMs: 52_000 }))!.bytes)).toEqual([
    "q100",
    "q101",
    "q102",
    "q103",
  ]);
  await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" });
  expect((await client().jobs.audio(id, { fromMs: 0, toMs: 1000 }))!.bytes.length).toBeGreaterThan(0);
});

test("a player gets any stretch by a signed link, ranges of it, and 304 for an unchanged one", async () => {
  const id = await transcribed("zero one two three");
  const [link] = await client().jobs.links(id, [{ to: "audio", query: { fromMs: 500 } }]);
  const open = (url: URL, headers: Record<string, string> = {}) =>
    darkroom.api(url.pathname + url.search, { key: null, headers });
  const url = new URL(link!.url);
  const whole = await open(url);
  expect(wordsIn(new Uint8Array(await whole.clone().arrayBuffer()))).toEqual(["one", "two", "three"]);
  url.searchParams.set("toMs", "1500");
  const two = await open(url);
  const bytes = new Uint8Array(await two.arrayBuffer());
  expect(wordsIn(bytes)).toEqual(["one", "two"]);
  const part = await open(url, { range: "bytes=4-9" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 4-9/${bytes.length}`]);
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(4, 10));
  const headers = { "if-none-match": two.headers.get("etag")! };
  expect((await open(url, headers)).status).toBe(304);
  url.searchParams.set("toMs", "1400");
  expect((await open(url, headers)).status).toBe(200);
});

test("the answer says why there is nothing to play: no such part, no recording, a deleted or damaged one", async () => {
  const id = await transcribed("zero one");
  const codeOf = async (path: string) => {
    const response = await darkroom.api(path);
    return [response.status, (await response.json<{ code: string }>()).code];
  };
  expect(await codeOf(`/v1/jobs/${id}/audio?fromMs=1000`)).toEqual([416, "range_not_satisfiable"]);
  for (const query of ["fromMs=2&toMs=2", "fromMs=-1", "fromMs=x", "toMs=0", "fromMs=1e300", "from=1"]) {
    expect([query, ...(await codeOf(`/v1/jobs/${id}/audio?${query}`))]).toEqual([query, 422, "invalid_request"]);
  }
  const text = await darkroom.submit({ kind: "classification", text: "a fine day" });
  expect(await codeOf(`/v1/jobs/${text.id}/audio`)).toEqual([404, "artifact_not_found"]);
  const damaged = await darkroom.upload({ name: "a.wav" }, "this is no recording at all");
  await darkroom.untilJob(damaged.id);
  expect(await codeOf(`/v1/jobs/${damaged.id}/audio`)).toEqual([422, "unreadable_recording"]);
  const { input } = await darkroom.readJob(id);
  const { key } = (input as { source: { key: string } }).source;
  const { MEDIA } = darkroom.bindings();
  for (const change of [() => MEDIA.put(key, "another"), () => MEDIA.delete(key)]) {
    await change();
    expect(await codeOf(`/v1/jobs/${id}/audio`)).toEqual([404, "source_not_found"]);
  }
});

test("if a recording continues without sound there is nothing to play, and the answer says from when to when", async () => {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-stretch-"));
  try {
    const path = join(folder, "muted.webm");
    // Sound for 30 s, none for 100 s, and sound again.
    const pause = "setts=ts=if(gte(TS*TB\\,30)\\,TS+100/TB\\,TS)";
    const tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=60", "-c:a", "libopus"];
    await ffmpeg([...tone, join(folder, "tone.webm")]);
    await ffmpeg(["-i", join(folder, "tone.webm"), "-c", "copy", "-bsf:a", pause, path]);
    const { id } = await darkroom.upload({ name: "muted.webm" }, new Uint8Array(await fileBytes(path)));
    const silent = await darkroom.api(`/v1/jobs/${id}/audio?fromMs=60000&toMs=70000`);
    expect([silent.status, silent.headers.get("x-audio-from-ms"), silent.headers.get("x-audio-to-ms")]).toEqual([
      204,
      "60000",
      "70000",
    ]);
    const across = await client().jobs.audio(id, { fromMs: 20_000, toMs: 140_000 });
    expect(across!.pauses).toHaveLength(1);
    expect(Math.abs(across!.pauses[0]!.atMs - 10_000)).toBeLessThan(50);
    expect(Math.abs(across!.pauses[0]!.lengthMs - 100_000)).toBeLessThan(50);
    expect(Math.abs(across!.toMs - 140_000)).toBeLessThan(50);
    expect(across!.contentType).toBe("audio/ogg");
  } finally {
    await rm(folder, { recursive: true });
  }
});
