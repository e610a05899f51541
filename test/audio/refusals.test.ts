import { rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { planAudio } from "../../shared/audio/plan.ts";
import { ffmpeg, fileBytes, makeSpeech, memorySource } from "./media.ts";

let folder = "";
let speech = "";
beforeAll(async () => {
  ({ folder, speech } = await makeSpeech(70));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const CASES: readonly (readonly [name: string, file: string, options: readonly string[], code: string])[] = [
  ["Apple Lossless", "alac.m4a", ["-c:a", "alac"], "unsupported_codec"],
  ["AIFF", "a.aiff", [], "unsupported_container"],
  ["AVI", "a.avi", ["-c:a", "mp3"], "unsupported_container"],
  ["ADPCM in WAV", "adpcm.wav", ["-c:a", "adpcm_ima_wav"], "unsupported_codec"],
  ["Windows Media", "a.wma", [], "unsupported_container"],
  ["FLAC in Ogg", "flac.ogg", ["-c:a", "flac"], "unsupported_codec"],
];

test.each(CASES)("%s is refused with a reason", async (_name, file, options, code) => {
  const path = join(folder, file);
  await ffmpeg(["-i", speech, ...options, path]);
  const plan = await planAudio(memorySource(await fileBytes(path)));
  expect(plan).toMatchObject({ type: "refused", code });
});

test.each(["mp4", "mkv", "ts", "webm"])("video without audio in %s is refused", async (extension) => {
  const path = join(folder, `silent.${extension}`);
  const codec =
    extension === "webm" ? ["-c:v", "libvpx", "-deadline", "realtime"] : ["-c:v", "libx264", "-preset", "ultrafast"];
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=5", ...codec, path]);
  expect(await planAudio(memorySource(await fileBytes(path)))).toMatchObject({
    type: "refused",
    code: "no_audio_track",
  });
});

test("what is no recording, or the start of one, is refused", async () => {
  const m4a = join(folder, "whole.m4a");
  const mkv = join(folder, "whole.mka");
  await ffmpeg(["-i", speech, "-c:a", "aac", m4a]);
  await ffmpeg(["-i", speech, "-c:a", "aac", mkv]);
  const random = Uint8Array.from(
    { length: 300_000 },
    (_, index) => (index * 2_654_435_761 + (index >> 3) * 40_503) >>> 11,
  );
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(), "empty"],
    [new TextEncoder().encode("Dear Sir or Madam,\n".repeat(500)), "unsupported_container"],
    [random, "unsupported_container"],
    [new Uint8Array(200_000), "unsupported_container"],
    [(await fileBytes(m4a)).slice(0, 300_000), "damaged"],
    [(await fileBytes(mkv)).slice(0, 60), "damaged"],
    [new TextEncoder().encode("RIFF\u0000\u0000\u0000\u0000WAVE"), "damaged"],
  ];
  for (const [bytes, code] of cases)
    expect(await planAudio(memorySource(bytes))).toMatchObject({ type: "refused", code });
});

test("encrypted audio is refused as encrypted", async () => {
  const path = join(folder, "drm.mp4");
  const key = "00112233445566778899aabbccddeeff";
  await ffmpeg([
    "-i",
    speech,
    "-c:a",
    "aac",
    "-encryption_scheme",
    "cenc-aes-ctr",
    "-encryption_key",
    key,
    "-encryption_kid",
    key,
    path,
  ]);
  expect(await planAudio(memorySource(await fileBytes(path)))).toMatchObject({ type: "refused", code: "encrypted" });
});

test("a file that is damaged anywhere is planned or refused, but never an accident", async () => {
  for (const [file, options] of [
    ["x.mp3", ["-q:a", "4"]],
    ["x.flac", []],
    ["x.ogg", ["-c:a", "libopus"]],
    ["x.webm", ["-c:a", "libopus"]],
    ["x.m4a", []],
    ["x.ts", ["-c:a", "aac"]],
  ] as const) {
    const path = join(folder, file);
    await ffmpeg(["-i", speech, ...options, path]);
    const whole = await fileBytes(path);
    for (let round = 0; round < 12; round++) {
      const bytes = whole.slice(0, Math.floor((whole.length * (round + 1)) / 12));
      for (let hit = 0; hit < round; hit++) bytes[(hit * 7919 * (round + 1) + round) % bytes.length] = (hit * 31) & 255;
      expect(["chunks", "whole", "refused"]).toContain((await planAudio(memorySource(bytes))).type);
    }
  }
});
