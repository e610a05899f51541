// The same rule chooses one of several audio tracks in every container, unless the job asks for another.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { chooseTrack, type Candidate } from "../../shared/audio/chunks/tracks.ts";
import { refuse } from "../../shared/audio/chunks/chunk.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { enableTracks, tracksLast } from "../media/bytes.ts";
import { ffmpeg, LIMITS, makeSpeech, MONO } from "./media.ts";
import { IS_LONG } from "../long.ts";

const SECONDS = 6;
let folder = "";
let inputs: readonly string[] = [];
beforeAll(async () => {
  const { folder: own, speech } = await makeSpeech(SECONDS, MONO);
  folder = own;
  inputs = ["-i", speech, "-f", "lavfi", "-i", `sine=f=300:r=16000:d=${SECONDS}`, "-map", "1:a", "-map", "0:a"];
});
afterAll(() => rm(folder, { recursive: true }));

async function made(name: string, options: readonly string[]): Promise<Uint8Array> {
  const path = join(folder, name);
  await ffmpeg([...inputs, ...options, path]);
  return new Uint8Array(await readFile(path));
}

const AAC = ["-c:a", "aac"];
/** Matroska uses the other code of ISO 639-2. */
const GERMAN: unknown = expect.stringMatching(/deu|ger/);
const LANGUAGES = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"];
const TITLE = ["-metadata:s:a:1", "title=Commentary"];
const SECOND_DEFAULT = ["-disposition:a:0", "0", "-disposition:a:1", "default"];

function candidate(about: Partial<Candidate>): Candidate {
  const plain = { codec: "aac", language: null, title: null, channels: 1, isEnabled: true, isDefault: false };
  return { ...plain, refusal: null, ...about };
}

test("a readable track is chosen first, then an enabled one, then the default", () => {
  const unreadable = { refusal: refuse("unsupported_codec", "No.") };
  expect(chooseTrack([candidate({ isEnabled: false }), candidate({})], undefined)).toBe(1);
  expect(chooseTrack([candidate({}), candidate({ isDefault: true })], undefined)).toBe(1);
  expect(chooseTrack([candidate({ isDefault: true, ...unreadable }), candidate({})], undefined)).toBe(1);
  expect(chooseTrack([candidate({ isEnabled: false, isDefault: true }), candidate({})], undefined)).toBe(1);
  expect(chooseTrack([candidate({}), candidate({})], undefined)).toBe(0);
  expect(chooseTrack([candidate(unreadable)], undefined)).toMatchObject({ code: "unsupported_codec" });
  expect(chooseTrack([], undefined)).toMatchObject({ code: "no_audio_track" });
});

test.each([
  ["ger", 1],
  ["de", 1],
  ["de-AT", 1],
  ["DEU", 1],
  ["en", 0],
])("a track is chosen by the language '%s', however the file writes it", (choice, index) => {
  expect(chooseTrack([candidate({ language: "eng" }), candidate({ language: "deu" })], choice)).toBe(index);
  expect(chooseTrack([candidate({ language: "en-US" }), candidate({ language: "ger" })], choice)).toBe(index);
});

test("a choice that the file does not have is refused with a list of its tracks", () => {
  const tracks = [candidate({ language: "eng", channels: 2 }), candidate({ language: "fra", title: "Commentary" })];
  for (const choice of [2, "ja"])
    expect(chooseTrack(tracks, choice)).toMatchObject({
      code: "track_missing",
      message: expect.stringMatching(/0 \(aac, eng, 2 channels\), 1 \(aac, fra, 'Commentary', 1 channels\)/) as unknown,
    });
});

test.each([
  ["a.mp4", AAC],
  ["frag.mp4", [...AAC, "-movflags", "empty_moov+default_base_moof", "-frag_duration", "1000000"]],
  ["a.mkv", AAC],
  ["a.webm", ["-c:a", "libopus"]],
  ["a.ts", AAC],
  ["a.ogg", ["-c:a", "libopus"]],
])("%s names its tracks, and the job chooses", async (name, options) => {
  const source = memorySource(await made(name, [...options, ...LANGUAGES, ...TITLE]));
  const plan = await planAudio(source, LIMITS);
  const languages = name.endsWith("ogg") ? [null, null] : ["eng", GERMAN];
  expect(plan).toMatchObject({ track: 0, tracks: languages.map((language) => ({ language })) });
  expect(await planAudio(source, { ...LIMITS, audioTrack: 1 })).toMatchObject({ track: 1 });
  expect(await planAudio(source, { ...LIMITS, audioTrack: 2 })).toMatchObject({ code: "track_missing" });
  const asked = await planAudio(source, { ...LIMITS, audioTrack: "de" });
  expect(asked).toMatchObject(name.endsWith("ogg") ? { code: "track_missing" } : { track: 1 });
});

test.runIf(IS_LONG)("disabled, unreadable and non-default tracks come last", async () => {
  const mp4 = Buffer.from(await made("two.mp4", AAC));
  const files = [
    new Uint8Array(enableTracks(mp4, [false, true])),
    await made("alac.mp4", ["-c:a:0", "alac", "-c:a:1", "aac"]),
    await made("alac.mkv", ["-c:a:0", "alac", "-c:a:1", "aac", "-disposition:a:0", "default", "-disposition:a:1", "0"]),
    await made("default.mkv", [...AAC, ...SECOND_DEFAULT]),
    await made("opus.ts", ["-c:a:0", "libopus", "-ar:a:0", "48000", "-c:a:1", "aac"]),
    await made("speex.ogg", ["-c:a:0", "libspeex", "-c:a:1", "libopus"]),
  ];
  for (const bytes of files) expect(await planAudio(memorySource(bytes), LIMITS)).toMatchObject({ track: 1 });
});

test("tracks that are described after the clusters are found", async () => {
  const mkv = Buffer.from(await made("late.mkv", [...AAC, ...LANGUAGES]));
  const plan = await planAudio(memorySource(new Uint8Array(tracksLast(mkv))), LIMITS);
  expect(plan).toMatchObject({ type: "chunks", tracks: [{ language: "eng" }, { codec: "A_AAC" }] });
});
