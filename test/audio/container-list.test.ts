// The list of containers. Every container in it plans, stores its plan and cuts, and every container with a folder is in it.
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { chunkTask } from "../../consumer/processors/transcribe-chunk.ts";
import { ChunkArgs } from "../../consumer/transcription/cut-and-transcribe.ts";
import type { ChunkFile, ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { type ContainerName, CONTAINERS } from "../../shared/audio/containers.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { chunksOf, decodeAll, ffmpeg, fileBytes, LIMITS } from "./media.ts";

const AUDIO = join(import.meta.dirname, "../../shared/audio");
/** The folders that all containers share. */
const SHARED = new Set(["chunks", "frames", "reading"]);

const SECONDS = 16;
/** A file of a few seconds gives several chunks. */
const SHORT_CALLS = { ...LIMITS, maxMs: 10_000 };

/** A file of each container, and the fields that the previous version reads in a plan's `extra`. */
const EXAMPLES = {
  wav: { file: "a.wav", options: [], extra: [] },
  aiff: { file: "a.aiff", options: [], extra: [] },
  au: { file: "a.au", options: [], extra: [] },
  caf: { file: "a.caf", options: ["-c:a", "libopus"], extra: ["opus"] },
  flac: { file: "a.flac", options: [], extra: [] },
  ogg: { file: "a.ogg", options: ["-c:a", "libopus"], extra: ["headBytes", "zeroMs"] },
  matroska: { file: "a.webm", options: ["-c:a", "libopus"], extra: ["head", "trackNumber", "tickMs"] },
  mp4: { file: "a.m4a", options: [], extra: ["timescale", "entry", "isQuickTime", "packets", "pcm"] },
  fmp4: {
    file: "b.m4a",
    options: ["-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"],
    extra: ["trackId", "timescale", "startTicks", "duration", "size", "entry", "isQuickTime", "indexed"],
  },
  mpegts: { file: "a.ts", options: ["-c:a", "aac"], extra: ["audioPid", "clockPid", "tables", "zeroTicks"] },
  m2ts: {
    file: "a.m2ts",
    options: ["-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"],
    extra: ["audioPid", "clockPid", "tables", "zeroTicks"],
  },
  mp3: { file: "a.mp3", options: ["-q:a", "4"], extra: ["skippedSamples", "firstFrame", "frameBytes", "start"] },
  adts: { file: "a.aac", options: [], extra: ["firstFrame"] },
} as const satisfies Record<ContainerName, { file: string; options: readonly string[]; extra: readonly string[] }>;

const SOURCE = { key: "uploads/a", etag: "etag", sizeBytes: 1000 };
const NAMES = CONTAINERS.map(({ name }) => name);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-list-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const plans = new Map<ContainerName, ReturnType<typeof planExample>>();

async function planned(name: ContainerName) {
  const plan = plans.get(name) ?? planExample(name);
  plans.set(name, plan);
  return plan;
}

async function planExample(name: ContainerName) {
  const { file, options } = EXAMPLES[name];
  const path = join(folder, file);
  await ffmpeg(["-f", "lavfi", "-i", `sine=300:r=16000:d=${SECONDS}`, ...options, path]);
  const source = memorySource(await fileBytes(path));
  return { source, plan: chunksOf(await planAudio(source, SHORT_CALLS)) };
}

/** Return a chunk's arguments as they are read from D1. */
function stored(name: ContainerName, chunk: unknown): unknown {
  return JSON.parse(JSON.stringify({ source: SOURCE, options: { tier: "accurate" }, container: name, chunk }));
}

function withoutTag({ extra, ...chunk }: ChunkPlan): unknown {
  const { type: _type, v: _v, ...fields } = extra;
  return Object.keys(fields).length === 0 ? chunk : { ...chunk, extra: fields };
}

test("every folder of a container has its line in the list, and every line its folder", () => {
  const folders = readdirSync(AUDIO, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SHARED.has(entry.name))
    .map((entry) => entry.name);
  const foldersOf = (name: string) => folders.filter((one) => existsSync(join(AUDIO, one, `${name}.ts`)));
  expect(new Set(NAMES).size).toBe(NAMES.length);
  for (const name of NAMES) expect(foldersOf(name)).toHaveLength(1);
  expect(NAMES.flatMap(foldersOf)).toEqual(expect.arrayContaining(folders));
});

test.each(NAMES)("%s plans a file, and cuts it into chunks that decode", async (name) => {
  const { source, plan } = await planned(name);
  expect(plan.container).toBe(name);
  expect(plan.chunks.length).toBeGreaterThan(1);
  const cuts: ChunkFile[] = [];
  for (const chunk of plan.chunks) {
    expect(chunk.extra).toMatchObject({ type: name, v: 1 });
    cuts.push(await extractChunk(source, chunk));
  }
  const decoded = await decodeAll(cuts.map(({ bytes }) => bytes));
  for (const [index, chunk] of plan.chunks.entries()) {
    const samples = decoded[index]!;
    expect(Math.abs(samples.length / 16 - (chunk.endMs - chunk.startMs))).toBeLessThan(250);
  }
});

test.each(NAMES)(
  "a plan of %s that the previous version has stored is read and cut like one of this version",
  async (name) => {
    const { source, plan } = await planned(name);
    for (const chunk of plan.chunks) {
      const args = ChunkArgs.parse(stored(name, withoutTag(chunk)));
      expect(args.chunk).toEqual(chunk);
      expect(args.container).toBe(name);
      expect(ChunkArgs.parse(stored(name, chunk))).toEqual(args);
      expect((await extractChunk(source, args.chunk)).startMs).toBe((await extractChunk(source, chunk)).startMs);
    }
  },
);

test.each(NAMES)("the previous version finds the fields that it reads in a plan of %s", async (name) => {
  const { plan } = await planned(name);
  // It recognises a container only by its name, and ignores unknown fields.
  for (const { extra } of plan.chunks) expect(Object.keys(extra)).toEqual(["type", "v", ...EXAMPLES[name].extra]);
});

test.each(NAMES)(
  "arguments that are not a plan of %s are refused when they are read, before a model is called",
  async (name) => {
    const { plan } = await planned(name);
    const [chunk] = plan.chunks;
    const other = name === "adts" ? "mp3" : "adts";
    const spoilt: readonly unknown[] = [
      { ownStartMs: 0 },
      { ...chunk, extra: { ...chunk?.extra, v: 2 } },
      { ...chunk, extra: { ...chunk?.extra, type: other } },
      { ...chunk, startMs: "0" },
      ...(EXAMPLES[name].extra.length === 0
        ? []
        : [
            { ...chunk, extra: {} },
            { ...chunk, extra: null },
          ]),
    ];
    for (const one of spoilt) expect(ChunkArgs.safeParse(stored(name, one)).success).toBe(false);
    expect(ChunkArgs.safeParse({ ...Object(stored(name, chunk)), container: "cassette" }).success).toBe(false);
  },
);

test("MP4 with fragments and MP4 without, laid end to end, are each cut by their own layout", async () => {
  const [fragmented, plain] = [await planned("fmp4"), await planned("mp4")];
  const joined = [fragmented, plain].map(async ({ source }) => source.read(0, source.sizeBytes));
  const source = memorySource(new Uint8Array(Buffer.concat(await Promise.all(joined))));
  const { chunks } = chunksOf(await planAudio(source, SHORT_CALLS));
  expect(new Set(chunks.map(({ extra }) => extra.type))).toEqual(new Set(["fmp4", "mp4"]));
  const options = { tier: "accurate" } as const;
  for (const chunk of chunks) {
    const args = chunkTask({ source: SOURCE, options, container: chunk.extra.type, chunk }).args;
    const read = ChunkArgs.parse(JSON.parse(JSON.stringify(args)));
    expect((await extractChunk(source, read.chunk)).durationMs).toBeGreaterThan(4_000);
  }
});
