import { DamagedSource, refuse, type AudioPlan, type Refusal } from "./chunks/chunk.ts";
import { MAX_DURATION_MS, MAX_SEPARATE_CHANNELS, SMALL_BYTES, type Wanted } from "./chunks/limits.ts";
import { impossibleDuration } from "./chunks/cuts.ts";
import { memorySource, SourceChanged, type ByteSource } from "./reading/byte-source.ts";
import { planParts } from "./chunks/parts.ts";
import { planWork, WorkSpent, type Work } from "./reading/work.ts";
import { countedSource } from "./reading/counted-source.ts";
import { sniffContainer } from "./sniff.ts";

export type { AudioPlan, ChunkPlan } from "./chunks/chunk.ts";

/**
 * Decide how to cut a recording for calls with these limits, or why it cannot be cut. The same object gives the same plan.
 * @param work the work that planning may take; by default as much as the source's size allows.
 */
export async function planAudio(source: ByteSource, limits: Wanted, work: Work = planWork(source)): Promise<AudioPlan> {
  if (source.sizeBytes === 0) return refuse("empty", "The file is empty.");
  try {
    const counted = countedSource(source, work);
    const looked = source.sizeBytes > SMALL_BYTES ? counted : await inMemory(counted, work);
    const found = await sniffContainer(looked, work);
    if ("type" in found) return found;
    const { container, start } = found;
    const planFile = (part: ByteSource) => container.plan(part, limits, work);
    const planned = await (start === 0 ? planFile(looked) : planParts(looked, [start], work, planFile));
    if (planned.type === "refused") return planned;
    // A claimed duration may be impossible although the sound is short and has few cuts.
    if (planned.durationMs > MAX_DURATION_MS) return refuse("damaged", impossibleDuration(planned.durationMs));
    const plan = { ...planned, durationMs: Math.round(planned.durationMs) };
    return limits.channels === "separate" ? separated(plan, work) : plan;
  } catch (error) {
    // A read that fails is an outage, and worth another attempt. Bytes that cannot be parsed stay that way.
    if (error instanceof SourceChanged) throw error;
    if (error instanceof WorkSpent) return refuse(error.code, error.message);
    if (error instanceof DamagedSource) return refuse("damaged", error.message);
    // A number in the file points outside a box or a packet.
    if (error instanceof RangeError) return refuse("damaged", POINTS_OUTSIDE);
    throw error;
  }
}

const POINTS_OUTSIDE =
  "The file is damaged: a number in it points outside the file. Its upload may have been interrupted: send it again.";

/** Return the same plan with each chunk once for each channel. */
function separated(plan: Exclude<AudioPlan, Refusal>, work: Work): AudioPlan {
  const { pcmChannels: channels, codec, track = 0 } = plan;
  if (channels === undefined) {
    return refuse(
      "channels_not_separable",
      `The channels of ${codec} cannot be separated without decoding it. Convert it first: ffmpeg -i INPUT -map 0:a:${track} -c:a pcm_s16le OUTPUT.wav`,
    );
  }
  if (channels > MAX_SEPARATE_CHANNELS) {
    return refuse(
      "channels_not_separable",
      `The recording has ${channels} channels; at most ${MAX_SEPARATE_CHANNELS} are transcribed separately. Send fewer channels, or leave out 'channels'.`,
    );
  }
  work.call((channels - 1) * plan.chunks.length);
  return { ...plan, chunks: plan.chunks.map((chunk) => ({ ...chunk, channels })) };
}

async function inMemory(source: ByteSource, work: Work): Promise<ByteSource> {
  return countedSource(memorySource(await source.read(0, source.sizeBytes)), work, { isInMemory: true });
}
