import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { IS_LONG, someOf } from "../long.ts";
import { cutAll } from "./cut-all.ts";
import { chunksOf, compare, decode, ffmpeg, fileBytes, fileSource, LIMITS, makeSpeech } from "./media.ts";

const SECONDS = 100;

let folder = "";
let speech = "";
let expected: Float32Array = new Float32Array();
let mp3: Uint8Array = new Uint8Array();
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS));
  const path = join(folder, "whole.mp3");
  await ffmpeg(["-i", speech, "-c:a", "libmp3lame", "-b:a", "128k", "-ac", "1", path]);
  mp3 = await fileBytes(path);
  expected = await decode(speech);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const LAME = ["-ac", "1", "-c:a", "libmp3lame"];
const AAC = ["-ac", "1", "-c:a", "aac", "-b:a", "64k", "-aac_pns", "0"];
const LOW = [...LAME, "-b:a", "24k", "-ar", "22050"];

type Ends = readonly [
  name: string,
  extension: "mp3" | "aac",
  seamAt: number,
  first: readonly string[],
  second: readonly string[],
];

const ENDS: readonly Ends[] = [
  ["a short one at a low bitrate last", "mp3", 92, LOW, LOW],
  ["44.1 and 16 kHz, the first short", "mp3", 5, [...LAME, "-q:a", "5"], [...LAME, "-b:a", "64k", "-ar", "16000"]],
  ["AAC of 44.1 and 48 kHz", "aac", 50, AAC, [...AAC, "-ar", "48000"]],
];
/** Each is similar to a case that always runs. */
const LIKE_THEM: readonly Ends[] = [
  ["44.1 and 48 kHz", "mp3", 50, [...LAME, "-b:a", "64k"], [...LAME, "-b:a", "64k", "-ar", "48000"]],
  ["AAC of one channel and of two", "aac", 50, AAC, [...AAC, "-ac", "2"]],
];

test.each(IS_LONG ? [...ENDS, ...LIKE_THEM] : someOf(ENDS, 2))(
  "files laid end to end are transcribed one after the other: %s",
  async (_name, extension, seamAt, first, second) => {
    const [one, two, both] = ["one", "two", "both"].map((name) => join(folder, `${name}.${extension}`));
    if (one === undefined || two === undefined || both === undefined) throw new Error("unnamed");
    await ffmpeg(["-t", String(seamAt), "-i", speech, ...first, one]);
    await ffmpeg(["-ss", String(seamAt), "-i", speech, ...second, two]);
    await writeFile(both, Buffer.concat([await fileBytes(one), await fileBytes(two)]));
    const { heard, plan } = await cutAll(both);
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(250);
    for (let from = 1000; from < SECONDS * 1000 - 3000; from += 4000) {
      if (Math.abs(from + 1000 - seamAt * 1000) < 1500) continue;
      const { correlation, lagMs } = compare(expected, heard, 0, from, from + 2000);
      expect(correlation, `at ${from} ms`).toBeGreaterThan(0.9);
      // The delay of the second encoder remains, as in every player.
      expect(Math.abs(lagMs), `at ${from} ms`).toBeLessThan(100);
    }
  },
);

test("tags after an MP3 of constant bitrate are recognised, and it is not read twice", async () => {
  const ape = Buffer.alloc(32 + 30_000, 0x41);
  ape.write("APETAGEX", ape.length - 32, "latin1");
  ape.writeUInt32LE(ape.length, ape.length - 20);
  ape.fill(0, ape.length - 16);
  const words = `LYRICSBEGIN${"L".repeat(20_000)}`;
  const lyrics = Buffer.from(`${words}${String(words.length).padStart(6, "0")}LYRICS200`);
  const id3v1 = Buffer.from(`TAG${"x".repeat(125)}`);
  const path = join(folder, "tagged.mp3");
  const plain = chunksOf(await planAudio(memorySource(mp3), LIMITS));
  await writeFile(path, Buffer.concat([mp3, ape, lyrics, id3v1]));
  const source = await fileSource(path);
  expect(await planAudio(source, LIMITS)).toEqual(plain);
  expect(source.bytes).toBeLessThan(0.5 * source.sizeBytes);
});
