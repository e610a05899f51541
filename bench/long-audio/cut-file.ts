import { rm, writeFile } from "node:fs/promises";

import { callLimits } from "../../shared/audio/chunks/limits.ts";
import type { ChunkFile, ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { type Figure, round } from "../report.ts";
import type { Container } from "./containers.ts";
import { fileSource } from "./file-source.ts";
import { Finding, underTest } from "./finding.ts";
import { type Laid, layPart } from "./lay.ts";
import { decode, sampleRate } from "./media.ts";
import { joinSeams } from "./seams.ts";

/** Allowance for a last frame that the container does not count, and for padding. */
const MAX_MISSING_MS = 50;

interface Cut {
  readonly plan: ChunkPlan;
  readonly file: ChunkFile;
  readonly laid: Laid;
  /** Whether a player decodes as much of the file as its header says. */
  readonly isDecodable: boolean;
}

export interface CutFile {
  readonly figures: readonly Figure[];
  readonly isSecondDecodable: boolean;
}

/** Cut a recording into all its chunks, and compare their content with the source. */
export async function cutFile(name: string, path: string, { tolerance }: Container): Promise<CutFile> {
  const source = await fileSource(path);
  try {
    const plan = await underTest("plan", () => planAudio(source, callLimits("accurate")));
    if (plan.type !== "chunks") throw new Finding(JSON.stringify(plan));
    const planned = { ...source.counts };
    const rate = await sampleRate(path);
    const decoded = { samples: await decode(path, rate), rate };
    const cuts: Cut[] = [];
    for (const chunk of plan.chunks) {
      const file = await underTest(`chunk ${chunk.index}`, () => extractChunk(source, chunk));
      const samples = await decodeBytes(file.bytes, `${path}.chunk`, rate);
      const isLast = chunk.index === plan.chunks.length - 1;
      const part = { ...chunk, startMs: file.startMs, ownEndMs: isLast ? Infinity : chunk.ownEndMs };
      const isDecodable = Math.abs((samples.length / rate) * 1000 - file.durationMs) < 100;
      cuts.push({ plan: chunk, file, laid: layPart(decoded, { ...part, samples }), isDecodable });
    }
    const heard = cuts.map(({ plan: chunk, file }) => ({
      ...chunk,
      startMs: file.startMs,
      endMs: file.startMs + file.durationMs,
    }));
    const { words, lost, doubled } = joinSeams(heard, plan.durationMs);
    const laid = cuts.map((cut) => cut.laid);
    const maxError = Math.max(...laid.map((part) => part.maxError));
    const missingMs = Math.max(...laid.map((part) => part.missingMs));
    const figure = { unit: "words", peer: words, ratio: round(lost / words, 5), target: "value = 0" };
    return {
      isSecondDecodable: cuts[1]?.isDecodable ?? false,
      figures: [
        {
          case: `longAudio.${name}.seamLostWords`,
          value: lost,
          ...figure,
          ok: maxError <= tolerance && missingMs <= MAX_MISSING_MS && cuts.every((cut) => cut.isDecodable),
          maxError,
          tolerance,
          maxLagMs: round(Math.max(...laid.map((part) => Math.abs(part.lagMs))), 1),
          missingMs: round(missingMs, 1),
          chunks: cuts.length,
          planReads: planned.reads,
          bytesReadRatio: round(source.counts.bytes / source.sizeBytes),
        },
        { case: `longAudio.${name}.seamDoubledWords`, value: doubled, ...figure, ratio: round(doubled / words, 5) },
      ],
    };
  } finally {
    await source.close();
  }
}

async function decodeBytes(bytes: Uint8Array, path: string, rate: number): Promise<Float32Array> {
  await writeFile(path, bytes);
  try {
    return await underTest("decoding a chunk", () => decode(path, rate));
  } finally {
    await rm(path);
  }
}
