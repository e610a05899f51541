import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, decode, ffmpeg, fileBytes, LIMITS, makeSpeech, MONO } from "./media.ts";
import { worstLikeness } from "./likeness.ts";
import { someOf } from "../long.ts";

const SECONDS = 90;
const OPUS = ["-c:a", "libopus", "-compression_level", "0"];
const LIVE = ["-live", "1", "-cluster_time_limit", "1000"];
const FRAGMENTS = ["-movflags", "empty_moov+default_base_moof", "-frag_duration", "1000000"];

let folder = "";
let speech = "";
let heard: Float32Array = new Float32Array();
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(SECONDS, MONO));
  heard = await decode(speech);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const JOINED = [
  ["webm", [...OPUS, "-b:a", "160k", ...LIVE], [50, 40]],
  ["webm", [...OPUS, "-b:a", "24k", ...LIVE], [30, 35, 25]],
  ["mp4", ["-ar", "44100", "-c:a", "aac", "-b:a", "160k", "-aac_pns", "0", ...FRAGMENTS], [50, 40]],
] as const;

test.each(someOf(JOINED, 2))(
  "a recorder's %s files laid end to end are transcribed one after the other (%j)",
  async (extension, codec, lengths) => {
    const parts: Uint8Array[] = [];
    let fromSeconds = 0;
    for (const seconds of lengths) {
      const path = join(folder, `part.${extension}`);
      await ffmpeg(["-ss", String(fromSeconds), "-t", String(seconds), "-i", speech, "-ac", "1", ...codec, path]);
      parts.push(await fileBytes(path));
      fromSeconds += seconds;
    }
    const joined = join(folder, `joined.${extension}`);
    await writeFile(joined, Buffer.concat(parts));
    const source = memorySource(await fileBytes(joined));
    const plan = chunksOf(await planAudio(source, LIMITS));
    expect(new Set(plan.chunks.map(({ part }) => part?.start)).size).toBe(lengths.length);
    expect(Math.abs(plan.durationMs - SECONDS * 1000)).toBeLessThan(200);
    const worst = await worstLikeness(source, plan, heard);
    expect(worst.correlation).toBeGreaterThan(0.9);
    expect(Math.abs(worst.lagMs)).toBeLessThan(150);
  },
);
