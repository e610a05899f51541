import { DamagedSource, type ChunkFile, type ChunkPlan, type Part, type Refusal } from "./chunks/chunk.ts";
import { READ_BYTES, type CallLimits } from "./chunks/limits.ts";
import { pausedMs } from "./chunks/pauses.ts";
import { containerNamed } from "./containers.ts";
import { extractChunk } from "./extract.ts";
import { planAudio } from "./plan.ts";
import type { ByteSource } from "./reading/byte-source.ts";
import { cutWork, planLimits, Work } from "./reading/work.ts";

/** A part of a recording that is cut for a person to play. It is cut with the same plan as the chunks for a model. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The longest stretch. */
export const STRETCH_MS = 10 * 60_000;

/** The largest file of a stretch, by the recording's average bitrate: ten minutes at 80 kbit/s. The whole file is in memory. */
export const STRETCH_FILE_BYTES = 6 * 1024 * 1024;

/** The most bytes of the recording that are read for a stretch. In a video, the sound lies among pictures. */
export const STRETCH_READ_BYTES = 48 * 1024 * 1024;

/** The most memory that cutting a stretch takes: a piece of what is read, the packets taken from it, and the file. */
export const STRETCH_HELD_BYTES = 2 * READ_BYTES + 3 * STRETCH_FILE_BYTES;

/** The bytes that are read after the estimated end of a part of a chunk. Reading them later in small pieces would take longer. */
const SLACK_BYTES = 256 * 1024;

/** A new plan is made only if no task has stored one, and only if it needs to read no more than this. */
const PLAN_READ_BYTES = 256 * 1024 * 1024;

/** The limits of a new plan, which are those of a model. */
const PLAN_LIMITS: CallLimits = { maxMs: 60_000, maxBytes: 2_500_000 };

/** Plan the chunks of a recording that no task has planned. */
export async function planRecording(
  source: ByteSource,
): Promise<{ readonly durationMs: number; readonly chunks: readonly ChunkPlan[] } | Refusal> {
  const limits = planLimits(source.sizeBytes);
  const work = new Work({ ...limits, bytes: Math.min(limits.bytes, PLAN_READ_BYTES) });
  const plan = await planAudio(source, PLAN_LIMITS, work);
  if (plan.type !== "refused") return plan;
  if (plan.code !== "too_complex" || work.spent.bytes < PLAN_READ_BYTES) return plan;
  const message =
    "The whole recording has to be read to find a place in it. You can play it once its job has planned it.";
  return { ...plan, message };
}

/**
 * Return one chunk with the requested part, or with as much of it as one answer may hold. Null if the chunks do not reach it.
 * @param chunks in the order of the source. If several cover the same place, one of them is used.
 */
export function planStretch(
  chunks: readonly ChunkPlan[],
  { fromMs, toMs }: Stretch,
  recording: { readonly sizeBytes: number; readonly durationMs: number },
): ChunkPlan | null {
  const first = chunks.find(({ ownStartMs, ownEndMs }) => ownStartMs <= fromMs && fromMs < ownEndMs);
  if (first === undefined) return null;
  const container = containerNamed(first.extra.type);
  const averageBytes = recording.sizeBytes / Math.max(1, recording.durationMs);
  const fileBytesPerMs = container.sentBytesPerSecond(averageBytes * 1000) / 1000;
  let whole: ChunkPlan = first;
  while (whole.ownEndMs < toMs) {
    const { ownEndMs } = whole;
    const next = chunks.find((chunk) => chunk.ownStartMs === ownEndMs);
    const joined = next === undefined || !isSamePart(whole.part, next.part) ? null : joinChunks(whole, next);
    if (joined === null) break;
    const lengthMs = joined.ownEndMs - fromMs;
    const readBytes = joined.bytes?.length ?? averageBytes * (joined.endMs - joined.startMs);
    if (lengthMs > STRETCH_MS || lengthMs * fileBytesPerMs > STRETCH_FILE_BYTES || readBytes > STRETCH_READ_BYTES)
      break;
    whole = joined;
  }
  const endMs = Math.min(toMs, whole.ownEndMs, fromMs + STRETCH_MS);
  const stretch = { ...whole, startMs: Math.max(fromMs, whole.startMs), endMs, ownStartMs: fromMs, ownEndMs: endMs };
  if (whole.bytes === undefined || !container.endsByTime) return stretch;
  const share = (endMs - whole.startMs) / Math.max(1, whole.endMs - whole.startMs);
  const length = Math.min(whole.bytes.length, Math.ceil(share * whole.bytes.length) + SLACK_BYTES);
  return { ...stretch, bytes: { ...whole.bytes, length } };
}

/** Cut a planned stretch: a file that a browser plays, which begins and ends with whole packets. */
export async function cutStretch(
  source: ByteSource,
  stretch: ChunkPlan,
): Promise<ChunkFile & { readonly endMs: number }> {
  const file = await extractChunk(source, stretch, cutWork(stretch));
  if (file.bytes.length > 4 * STRETCH_FILE_BYTES) {
    throw new DamagedSource("This part of the recording is far larger than the rest. Request a shorter part.");
  }
  return { ...file, endMs: file.startMs + file.durationMs + pausedMs(file.pauses ?? []) };
}

function joinChunks(first: ChunkPlan, next: ChunkPlan): ChunkPlan | null {
  if (first.extra.type !== next.extra.type) return null;
  const extra = containerNamed(first.extra.type).joined(first.extra, next.extra);
  if (extra === null || (first.bytes === undefined) !== (next.bytes === undefined)) return null;
  const joined = { ...first, extra, endMs: next.endMs, ownEndMs: next.ownEndMs };
  if (first.bytes === undefined || next.bytes === undefined) return joined;
  const { offset } = first.bytes;
  const end = Math.max(offset + first.bytes.length, next.bytes.offset + next.bytes.length);
  return { ...joined, bytes: { offset, length: end - offset } };
}

function isSamePart(left: Part | undefined, right: Part | undefined): boolean {
  return left?.start === right?.start && left?.end === right?.end;
}
