import { planAdts } from "./adts/adts.ts";
import { memorySource, SourceChanged, type ByteSource } from "./reading/byte-source.ts";
import { DamagedSource, refuse, type AudioPlan, type ContainerName } from "./chunks/chunk.ts";
import { planFlac } from "./flac/flac.ts";
import type { CallLimits } from "./chunks/call-limits.ts";
import { SMALL_BYTES } from "./chunks/limits.ts";
import { planMatroska } from "./matroska/matroska.ts";
import { planMp3 } from "./mp3/mp3.ts";
import { planMp4 } from "./mp4/mp4.ts";
import { planMpegTs } from "./mpegts/mpegts.ts";
import { planOgg } from "./ogg/ogg.ts";
import { sniffContainer } from "./sniff.ts";
import { planWav } from "./wav/wav.ts";
import { countedSource, planWork, WorkSpent, type Work } from "./reading/work.ts";

export type { AudioPlan, ChunkPlan } from "./chunks/chunk.ts";

const planners: Readonly<
  Record<ContainerName, (source: ByteSource, limits: CallLimits, work: Work) => Promise<AudioPlan>>
> = {
  wav: planWav,
  mp3: planMp3,
  adts: planAdts,
  flac: planFlac,
  mp4: planMp4,
  fmp4: planMp4,
  ogg: planOgg,
  matroska: planMatroska,
  mpegts: planMpegTs,
};

/** Files every decoder takes as they are, if there is nothing in them but audio. */
const SENT_WHOLE: ReadonlySet<string> = new Set([
  "mp3/mp3",
  "flac/flac",
  "ogg/opus",
  "ogg/vorbis",
  "mp4/aac",
  "wav/pcm-int16",
]);

/**
 * Decide how to cut a recording for such calls, or why it cannot be cut. The same object gives the same plan.
 * @param work what planning may take; by default what the source's size allows.
 */
export async function planAudio(
  source: ByteSource,
  limits: CallLimits,
  work: Work = planWork(source),
): Promise<AudioPlan> {
  if (source.sizeBytes === 0) return refuse("empty", "The file is empty.");
  try {
    const counted = countedSource(source, work);
    const looked = source.sizeBytes > SMALL_BYTES ? counted : await inMemory(counted, work);
    const container = await sniffContainer(looked, work);
    if (typeof container !== "string") return container;
    const planned = await planners[container](looked, limits, work);
    if (planned.type !== "chunks") return planned;
    const plan = { ...planned, durationMs: Math.round(planned.durationMs) };
    // A decoder may know nothing of a chain, and stop at a first part without sound.
    if (plan.chunks.length > 1 || plan.chunks[0]?.part !== undefined) return plan;
    const isSmall = source.sizeBytes <= limits.maxBytes;
    if (isSmall && plan.mustCut !== true && SENT_WHOLE.has(`${plan.container}/${plan.codec}`))
      return { type: "whole", durationMs: plan.durationMs };
    return plan;
  } catch (error) {
    // What reading fails on is an outage and worth another try; what parsing fails on will fail again.
    if (error instanceof SourceChanged) throw error;
    if (error instanceof WorkSpent) return refuse(error.code, error.message);
    if (error instanceof DamagedSource || error instanceof RangeError) {
      return refuse("damaged", `The file is damaged: ${error.message}`);
    }
    throw error;
  }
}

async function inMemory(source: ByteSource, work: Work): Promise<ByteSource> {
  return countedSource(memorySource(await source.read(0, source.sizeBytes)), work, { isInMemory: true });
}
