import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHarness } from "wrangler";

import type { AudioPlan } from "../../shared/audio/plan.ts";
import { decode, ffmpeg, fileBytes, makeSpeech, MONO } from "./media.ts";
import { someOf } from "../long.ts";

interface Bindings {
  readonly MEDIA: R2Bucket;
}

const server = createTestHarness({
  workers: [
    {
      config: {
        name: "darkroom-audio-test",
        main: "test/audio/cutting-worker.ts",
        compatibility_date: "2026-11-01",
        r2_buckets: [{ binding: "MEDIA", bucket_name: "darkroom-media" }],
      },
    },
  ],
});
const worker = server.getWorker<Bindings>();
let folder = "";
let speech = "";
beforeAll(async () => {
  await server.listen();
  ({ folder, speech } = await makeSpeech(100, MONO));
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const FILES = [
  ["a.ogg", ["-c:a", "libopus", "-b:a", "32k"]],
  ["a.m4a", ["-c:a", "aac"]],
  ["a.wav", []],
  ["a.flac", []],
  ["vbr.mp3", ["-q:a", "0"]],
] as const;

test.each(someOf(FILES, 4))("%s is planned and cut on workerd, from R2", async (file, options) => {
  const path = join(folder, file);
  await ffmpeg(["-i", speech, ...options, path]);
  const { MEDIA } = await worker.getEnv();
  const { etag, size } = await put(MEDIA, file, await fileBytes(path));
  const query = new URLSearchParams({ key: file, etag, size: String(size), index: "1" });
  const response = await worker.fetch(`http://cut/?${query.toString()}`);
  expect(response.status).toBe(200);
  const plan = JSON.parse(response.headers.get("x-plan") ?? "null") as AudioPlan;
  if (plan.type !== "chunks") throw new Error(JSON.stringify(plan));
  const out = join(folder, "chunk");
  await writeFile(out, new Uint8Array(await response.arrayBuffer()));
  const chunk = plan.chunks[1];
  expect((await decode(out)).length / 16_000).toBeCloseTo(((chunk?.endMs ?? 0) - (chunk?.startMs ?? 0)) / 1000, 0);
});

test("an object that is replaced or deleted while it is read is noticed", async () => {
  const { MEDIA } = await worker.getEnv();
  const { etag, size } = await put(MEDIA, "gone.wav", await fileBytes(speech));
  const query = new URLSearchParams({ key: "gone.wav", etag, size: String(size) });
  await MEDIA.put("gone.wav", "another");
  expect(await (await worker.fetch(`http://cut/?${query.toString()}`)).text()).toContain(
    "SourceChanged: The object 'gone.wav' was",
  );
  await MEDIA.delete("gone.wav");
  expect(await (await worker.fetch(`http://cut/?${query.toString()}`)).text()).toContain(
    "SourceChanged: The object 'gone.wav' was deleted",
  );
});

async function put(media: R2Bucket, key: string, bytes: Uint8Array): Promise<R2Object> {
  const object = await media.put(key, bytes);
  if (object === null) throw new Error("put without a condition is not refused");
  return object;
}
