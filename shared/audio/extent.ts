import { memorySource, readWithin, type ByteSource } from "./reading/byte-source.ts";
import { DamagedSource, type AudioPlan, type ChunkPlan, type ChunkSpan, type Refusal } from "./chunks/chunk.ts";
import { longestChunkMs, planCuts } from "./chunks/cuts.ts";
import { READ_BYTES, type Wanted } from "./chunks/limits.ts";
import type { AudioExtent } from "../cost/estimate.ts";
import { containerNamed } from "./containers.ts";
import { planAudio } from "./plan.ts";
import { AllowanceSpent, sparingSource, type ReadAllowance } from "./reading/sparing-source.ts";
import { planLimits, planWork, Work } from "./reading/work.ts";

/** Enough to decide whether a short recording needs a second call, and to find the headers of most others. */
export const GLANCE: ReadAllowance = { maxReads: 2, maxBytes: 2 * 1024 * 1024, aheadBytes: 1024 * 1024 };

/** Enough to plan most files. Each read is a subrequest, of which an invocation has few on the Free plan. */
export const LOOK: ReadAllowance = { maxReads: 40, maxBytes: 8 * 1024 * 1024, aheadBytes: 64 * 1024 };

/**
 * Plan a recording within an allowance of reads.
 * @returns null if the allowance was not enough.
 */
export async function measureAudio(
  source: ByteSource,
  limits: Wanted,
  allowance: ReadAllowance,
): Promise<AudioExtent | Refusal | null> {
  try {
    const plan = await planAudio(sparingSource(source, allowance), limits);
    return plan.type === "refused" ? plan : extentOf(plan);
  } catch (error) {
    if (error instanceof AllowanceSpent) return null;
    throw error;
  }
}

/** Return the extent of a plan. No part of a refused recording is sent. */
export function extentOf(plan: AudioPlan): AudioExtent {
  switch (plan.type) {
    case "refused":
      return { durationMs: 0, sentMs: 0, calls: 0, isCut: false, isRough: false };
    case "chunks":
      return extentOfChunks(plan.chunks, plan.durationMs, { isRough: false });
  }
}

function extentOfChunks(
  chunks: readonly (ChunkSpan & Pick<ChunkPlan, "channels">)[],
  durationMs: number,
  { isRough }: Pick<AudioExtent, "isRough">,
): AudioExtent {
  const sentMs = chunks.reduce((sum, { startMs, endMs, channels = 1 }) => sum + channels * (endMs - startMs), 0);
  const calls = chunks.reduce((sum, { channels = 1 }) => sum + channels, 0);
  return { durationMs, sentMs, calls, isCut: chunks.length > 1, isRough };
}

/** If a header gives the length of the whole file, plans of two parts of the file agree within this time. */
const SAME_MS = 1000;

/**
 * Guess the extent of a file from its beginning. This is for files whose planning would take too many reads: MP3 and ADTS have no
 * index, so a plan reads them completely.
 * @returns null if the beginning is not enough for a guess.
 */
export async function guessExtent(source: ByteSource, limits: Wanted): Promise<AudioExtent | null> {
  const head = await readWithin(source, 0, READ_BYTES);
  // The head describes the whole file, so the file's size limits its claims. The size of the head limits the work of reading it.
  const lookWork = () => {
    const { elements, bytes, entries } = planLimits(head.length);
    return new Work({ ...planLimits(source.sizeBytes), elements, bytes, entries });
  };
  const long = await planAudio(memorySource(head), limits, lookWork());
  const short = await planAudio(memorySource(head.subarray(0, head.length / 2)), limits, lookWork());
  if (long.type !== "chunks" || short.type === "refused") return null;
  const isOfWhole = Math.abs(long.durationMs - short.durationMs) < SAME_MS;
  const durationMs = long.durationMs * (isOfWhole ? 1 : source.sizeBytes / head.length);
  const bytesPerSecond = (source.sizeBytes / durationMs) * 1000;
  // Quiet places are not searched, so the overlaps are the longest possible.
  const chunkMs = longestChunkMs(containerNamed(long.container).sentBytesPerSecond(bytesPerSecond), limits);
  try {
    const cuts = await planCuts(durationMs, chunkMs, () => [], planWork(source));
    const { channels } = long.chunks[0] ?? {};
    const chunks = cuts.map((cut) => ({ ...cut, ...(channels !== undefined && { channels }) }));
    return extentOfChunks(chunks, durationMs, { isRough: true });
  } catch (error) {
    // The guess is longer than the longest recording, so the beginning is not like the rest.
    if (error instanceof DamagedSource) return null;
    throw error;
  }
}
