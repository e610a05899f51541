import { memorySource, readWithin, type ByteSource } from "./reading/byte-source.ts";
import { DamagedSource, type AudioPlan, type ContainerName, type Refusal } from "./chunks/chunk.ts";
import { longestChunkMs, planCuts } from "./chunks/cuts.ts";
import type { CallLimits } from "./chunks/call-limits.ts";
import { MODEL_SAMPLE_RATE, READ_BYTES } from "./chunks/limits.ts";
import { planAudio } from "./plan.ts";
import { AllowanceSpent, sparingSource, type ReadAllowance } from "./reading/sparing-source.ts";
import { planLimits, planWork, Work } from "./reading/work.ts";

/** How much audio a recording sends to the model. */
export interface AudioExtent {
  readonly durationMs: number;
  /** Chunks overlap: what they share is sent twice. */
  readonly sentMs: number;
  readonly calls: number;
  readonly isCut: boolean;
  /** Whether the length was guessed from the file's beginning and its size. */
  readonly isRough: boolean;
}

/** Enough to know whether a short recording needs a second call, and to find the headers of most others. */
export const GLANCE: ReadAllowance = { maxReads: 2, maxBytes: 2 * 1024 * 1024, aheadBytes: 1024 * 1024 };

/** Plans most files to the end; a subrequest each, of which an invocation has few on the Free plan. */
export const LOOK: ReadAllowance = { maxReads: 40, maxBytes: 8 * 1024 * 1024, aheadBytes: 64 * 1024 };

/**
 * Plan a recording with so much reading.
 * @returns null where that was not enough.
 */
export async function measureAudio(
  source: ByteSource,
  limits: CallLimits,
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

/** What will be sent as it was planned; nothing of a recording that was refused. */
export function extentOf(plan: AudioPlan): AudioExtent {
  switch (plan.type) {
    case "refused":
      return { durationMs: 0, sentMs: 0, calls: 0, isCut: false, isRough: false };
    case "whole":
      return { durationMs: plan.durationMs, sentMs: plan.durationMs, calls: 1, isCut: false, isRough: false };
    case "chunks": {
      const sentMs = plan.chunks.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      return {
        durationMs: plan.durationMs,
        sentMs,
        calls: plan.chunks.length,
        isCut: plan.chunks.length > 1,
        isRough: false,
      };
    }
  }
}

/** A header that tells the length of the whole says the same of any part that holds it. */
const SAME_MS = 1000;

/**
 * The extent by the beginning of a file that is too long to be planned here: MP3 and ADTS have no index and would be
 * read whole.
 * @returns null where the beginning does not tell.
 */
export async function guessExtent(source: ByteSource, limits: CallLimits): Promise<AudioExtent | null> {
  const head = await readWithin(source, 0, READ_BYTES);
  // A head tells of the whole file, so that what it says is measured by the whole file's size; reading it is not.
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
  // Nobody has listened for quiet places: the overlaps are the longest that there can be.
  const chunkMs = longestChunkMs(sentBytesPerSecond(long.container, bytesPerSecond), limits);
  try {
    const chunks = await planCuts(durationMs, chunkMs, () => [], planWork(source));
    return { ...extentOf({ ...long, durationMs, chunks }), isRough: true };
  } catch (error) {
    // Longer than any recording that is taken: the beginning is not like the rest.
    if (error instanceof DamagedSource) return null;
    throw error;
  }
}

/** Video and pictures stay behind, and WAV is brought down to what the model hears. */
const AUDIO_BYTES_PER_SECOND = 40_000;

function sentBytesPerSecond(container: ContainerName, bytesPerSecond: number): number {
  switch (container) {
    case "wav":
      return Math.min(bytesPerSecond, 2 * MODEL_SAMPLE_RATE);
    case "mp3":
    case "adts":
    case "flac":
    case "ogg":
      return bytesPerSecond;
    case "mp4":
    case "fmp4":
    case "matroska":
    case "mpegts":
      return Math.min(bytesPerSecond, AUDIO_BYTES_PER_SECOND);
  }
}
