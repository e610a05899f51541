// One speaker a channel, and recordings that end too early: what becomes of them from upload to captions.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { joinChannels } from "../consumer/transcription/cut-and-transcribe.ts";
import { extentOf } from "../shared/audio/extent.ts";
import { planAudio } from "../shared/audio/plan.ts";
import { memorySource } from "../shared/audio/reading/byte-source.ts";
import { stableReader } from "../producer/transcripts/stable-segments.ts";
import { mergeChannels } from "../shared/transcripts/merge-channels.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import { chunksOf, ffmpeg, fileBytes, LIMITS, makeSpeech } from "./audio/media.ts";
import { startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const SEPARATE = { ...LIMITS, channels: "separate" } as const;

let folder = "";
let stereo = "";
beforeAll(async () => {
  ({ folder, speech: stereo } = await makeSpeech(6));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two recordings of the same length as the channels of one. */
function inStereo(left: string, right: string): Uint8Array<ArrayBuffer> {
  const [one, other] = [speech(left), speech(right)];
  const wav = new Uint8Array(44 + 2 * (one.length - 44));
  const view = new DataView(wav.buffer);
  wav.set(one.subarray(0, 44));
  view.setUint16(22, 2, true);
  view.setUint32(28, 64_000, true);
  view.setUint16(32, 4, true);
  view.setUint32(40, wav.length - 44, true);
  for (let at = 44; at < one.length; at += 2) {
    wav.set(one.subarray(at, at + 2), 2 * at - 44);
    wav.set(other.subarray(at, at + 2), 2 * at - 42);
  }
  return wav;
}

/** Words that are no more alike than those of speech. */
function distinct(index: number): string {
  return ((index * 7_368_787) % 10_000_019).toString(36);
}

async function transcript(id: string): Promise<Transcript> {
  return (await darkroom.api(`/v1/jobs/${id}/transcript`)).json<Transcript>();
}

async function countCalls(): Promise<number> {
  return Object.values((await darkroom.modelCalls()).calls).reduce((sum, calls) => sum + calls, 0);
}

async function artifact(id: string, name: string): Promise<string> {
  return (await darkroom.api(`/v1/jobs/${id}/artifacts/${name}`)).text();
}

test.each([6, 130])("each channel of %d words is a speaker of its own, in every output, at its time", async (count) => {
  const left = Array.from({ length: count }, (_, index) => `left${distinct(index)}`);
  const right = Array.from({ length: count }, (_, index) => `right${distinct(index)}`);
  const before = await countCalls();
  const query = { name: "call.wav", reuse: "false", options: JSON.stringify({ channels: "separate" }) };
  const { id } = await darkroom.upload(query, inStereo(left.join(" "), right.join(" ")));
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
  const { segments, isComplete } = await transcript(id);
  expect(isComplete).toBe(true);
  const words = segments.flatMap((segment) => segment.words);
  for (const [channel, said] of [left, right].entries()) {
    const own = words.filter((word) => word.channel === channel);
    expect(own.map(({ text }) => text)).toEqual(said);
    for (const [index, word] of own.entries()) expect(Math.abs(word.startMs - index * 500)).toBeLessThan(50);
  }
  expect(segments.map(({ startMs }) => startMs)).toEqual(
    segments.map(({ startMs }) => startMs).toSorted((a, b) => a - b),
  );
  expect(new Set(segments.map(({ speaker }) => speaker))).toEqual(new Set(["Channel 1", "Channel 2"]));
  expect(await artifact(id, "transcript.vtt")).toMatch(/<v Channel 1>left0[\s\S]*<v Channel 2>right0/);
  expect(await artifact(id, "transcript.srt")).toMatch(/Channel 1: left0[\s\S]*Channel 2: right0/);
  expect((await countCalls()) - before).toBe(count === 6 ? 2 : 4);
});

test("a recording that was cut off is not complete: what is missing has its times", async () => {
  const whole = speech(Array.from({ length: 20 }, (_, index) => `word${index}`).join(" "));
  const { id } = await darkroom.upload(
    { name: "short.wav", reuse: "false" },
    whole.slice(0, Math.round(whole.length * 0.6)),
  );
  await darkroom.untilJob(id);
  const { text, isComplete, gaps, durationMs } = await transcript(id);
  expect({ isComplete, durationMs }).toEqual({ isComplete: false, durationMs: 10_000 });
  expect(gaps).toMatchObject([{ endMs: 10_000, reason: "cut_off" }]);
  expect(Math.abs((gaps[0]?.startMs ?? 0) - 6_000)).toBeLessThan(20);
  expect(text.split(" ")).toHaveLength(12);
  expect(await artifact(id, "transcript.vtt")).toMatch(/NOTE Missing from 00:00:0[56]\.\d+ to 00:00:10\.000: cut_off/);
});

/** A recording of two tracks; the second one is the default, and has these words. */
async function inTracks(words: string): Promise<Uint8Array<ArrayBuffer>> {
  const [spoken, path] = [join(folder, "said.wav"), join(folder, "tracks.mka")];
  await writeFile(spoken, speech(words));
  const tags = ["-metadata:s:a:0", "language=ita", "-metadata:s:a:1", "language=eng", "-metadata:s:a:1", "title=Notes"];
  const maps = ["-map", "1:a", "-map", "0:a", "-disposition:a:0", "0", "-disposition:a:1", "default"];
  await ffmpeg(["-i", spoken, "-i", stereo, ...maps, "-c:a", "pcm_s16le", ...tags, "-y", path]);
  return new Uint8Array((await fileBytes(path)).slice().buffer);
}

test("a job names the tracks of its recording from the plan on, and so does a job that reuses its result", async () => {
  const recording = {
    tracks: [
      { codec: "A_PCM/INT/LIT", language: "ita", title: null, channels: 2 },
      { codec: "A_PCM/INT/LIT", language: "eng", title: "Notes", channels: 1 },
    ],
    track: 1,
  };
  const failing = await darkroom.upload({ name: "failing.mka" }, await inTracks("one error:3040 two"));
  const waiting = await darkroom.untilJob(failing.id, ({ attempts }) => attempts.length > 0);
  expect(waiting).toMatchObject({ recording, artifacts: [] });
  const bytes = await inTracks("one two");
  const { id } = await darkroom.upload({ name: "tracks.mka" }, bytes);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", recording });
  expect(await transcript(id)).toMatchObject(recording);
  const again = await darkroom.upload({ name: "again.mka" }, bytes);
  expect(await darkroom.untilJob(again.id)).toMatchObject({ reused: { jobId: id }, recording });
});

test("digital silence causes no call, and no text", async () => {
  const before = await countCalls();
  const silent = speech("a b c d");
  silent.fill(0, 44);
  const { id } = await darkroom.upload({ name: "silent.wav", reuse: "false" }, silent);
  await darkroom.untilJob(id);
  expect(await transcript(id)).toMatchObject({ text: "", isComplete: true, gaps: [], model: null });
  expect(await countCalls()).toBe(before);
});

test.each([
  ["a.wav", []],
  ["a.mov", ["-c:a", "pcm_s16be"]],
  ["a.mka", ["-c:a", "pcm_s24le"]],
])("the channels of %s are planned one by one, and priced so", async (name, options) => {
  const path = join(folder, name);
  await ffmpeg(["-i", stereo, ...options, path]);
  const source = memorySource(await fileBytes(path));
  const plan = chunksOf(await planAudio(source, SEPARATE));
  expect(plan.chunks).toMatchObject([{ channels: 2 }]);
  expect(extentOf(plan)).toMatchObject({ calls: 2, sentMs: 2 * plan.durationMs, isCut: false });
});

test.each([
  ["b.flac", ["-c:a", "flac"]],
  ["b.m4a", ["-c:a", "aac"]],
  ["b.mp3", ["-c:a", "libmp3lame"]],
  ["b.ogg", ["-c:a", "libopus"]],
])("the channels of %s are refused with the command that makes them possible", async (name, options) => {
  const path = join(folder, name);
  await ffmpeg(["-i", stereo, ...options, path]);
  expect(await planAudio(memorySource(await fileBytes(path)), SEPARATE)).toMatchObject({
    code: "channels_not_separable",
    message: expect.stringContaining("ffmpeg -i INPUT -map 0:a:0 -c:a pcm_s16le OUTPUT.wav") as unknown,
  });
});

test("a gap on any channel is one gap, even if another channel is silent there", () => {
  const chunk = {
    index: 0,
    startMs: 0,
    endMs: 9_000,
    ownStartMs: 0,
    ownEndMs: 9_000,
    extra: { type: "wav", v: 1 },
  } as const;
  const heard = { ...chunk, segments: [], model: null, engine: null, language: null, doubt: null };
  const hole = { startMs: 4_000, endMs: 5_000, reason: "damaged" };
  const later = { startMs: 4_500, endMs: 6_000, reason: "damaged" };
  expect(joinChannels([heard, { ...heard, missing: [hole] }], chunk).missing).toEqual([hole]);
  const both = joinChannels(
    [
      { ...heard, missing: [later] },
      { ...heard, missing: [hole] },
    ],
    chunk,
  );
  expect(both.missing).toEqual([{ ...hole, endMs: 6_000 }]);
});

test("segments of two channels are sent in the order of their times, and none changes afterwards", () => {
  const segment = (channel: number, startMs: number) => {
    const text = `c${channel}at${startMs}`;
    const times = { startMs, endMs: startMs + 1_500, text };
    return { ...times, words: [times], channel };
  };
  const chunks = Array.from({ length: 5 }, (_, index) => {
    const [startMs, endMs] = [index * 30_000, index * 30_000 + 35_000];
    const starts = Array.from({ length: 9 }, (_each, at) => startMs + at * 3_500 + 500);
    // The second channel is silent for two chunks.
    const other = index === 1 || index === 2 ? [] : starts.map((at) => segment(1, at + 1_000));
    const segments = [...starts.map((at) => segment(0, at)), ...other];
    return { index, startMs, endMs, ownStartMs: startMs + 2_500, ownEndMs: endMs - 2_500, segments };
  });
  const read = stableReader();
  const sent = chunks.flatMap((chunk) => read([chunk]));
  const all = mergeChannels(chunks);
  expect(sent.length).toBeGreaterThan(40);
  expect(sent).toEqual(all.slice(0, sent.length));
});
