import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, ffmpeg, fileSource, LIMITS, makeSpeech, MONO } from "./media.ts";
import { someOf } from "../long.ts";

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(150, MONO));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(someOf(["mkv", "ts"], 2))("a burst of video in %s does not hide sound", async (extension) => {
  const path = join(folder, `burst.${extension}`);
  const still = ["-f", "lavfi", "-i", "color=c=gray:s=320x180:r=10:d=150"];
  const noise = ["-f", "lavfi", "-i", "color=c=gray:s=320x180:r=10:d=26,noise=alls=100:allf=t"];
  const mix = [
    "-filter_complex",
    "[2]setpts=PTS+85/TB[late];[1][late]overlay=eof_action=pass:enable='between(t,85,110)'",
    "-map",
    "0:a",
  ];
  const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "100", "-c:a", "aac", "-ac", "1"];
  await ffmpeg(["-i", speech, ...still, ...noise, ...mix, ...codecs, path]);
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  expect(plan.chunks.length).toBeGreaterThan(1);
  for (const chunk of plan.chunks) {
    const readBefore = source.reads;
    const file = await extractChunk(source, chunk);
    expect(file.startMs).toBeLessThan(chunk.startMs + 50);
    expect(file.startMs + file.durationMs).toBeGreaterThan(chunk.endMs - 50);
    expect(source.reads - readBefore).toBeLessThanOrEqual(12);
  }
});
