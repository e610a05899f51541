import { DamagedSource, refuse, type AudioPlan } from "./chunks/chunk.ts";
import { SMALL_BYTES, type CallLimits } from "./chunks/limits.ts";
import { containerNamed } from "./containers.ts";
import { memorySource, SourceChanged, type ByteSource } from "./reading/byte-source.ts";
import { planWork, WorkSpent, type Work } from "./reading/work.ts";
import { countedSource } from "./reading/counted-source.ts";
import { sniffContainer } from "./sniff.ts";

export type { AudioPlan, ChunkPlan } from "./chunks/chunk.ts";

/**
 * Decide how to cut a recording for calls with these limits, or why it cannot be cut. The same object gives the same plan.
 * @param work what planning may take; by default what the source's size allows.
 */
export async function planAudio(
  source: ByteSource,
  limits: CallLimits,
  work: Work = planWork(source),
): Promise<AudioPlan> {
  const plan = await planChunks(source, limits, work);
  // A decoder may not know of files laid end to end, and stop after a first part without sound.
  if (plan.type === "refused" || plan.chunks.length > 1 || plan.chunks[0]?.part !== undefined) return plan;
  const isSmall = source.sizeBytes <= limits.maxBytes;
  const isSentWhole = containerNamed(plan.container).sentWhole.includes(plan.codec);
  if (isSmall && plan.mustCut !== true && isSentWhole) return { type: "whole", durationMs: plan.durationMs };
  return plan;
}

/** The same, also for a recording that a model would take as it is. */
export async function planChunks(
  source: ByteSource,
  limits: CallLimits,
  work: Work = planWork(source),
): Promise<Exclude<AudioPlan, { readonly type: "whole" }>> {
  if (source.sizeBytes === 0) return refuse("empty", "The file is empty.");
  try {
    const counted = countedSource(source, work);
    const looked = source.sizeBytes > SMALL_BYTES ? counted : await inMemory(counted, work);
    const container = await sniffContainer(looked, work);
    if ("type" in container) return container;
    const planned = await container.plan(looked, limits, work);
    switch (planned.type) {
      case "chunks":
        return { ...planned, durationMs: Math.round(planned.durationMs) };
      case "refused":
        return planned;
      case "whole":
        throw new Error("A container plans chunks; whether a file is sent whole is decided here.");
    }
  } catch (error) {
    // A read that fails is an outage, and worth another attempt. Bytes that cannot be parsed stay that way.
    if (error instanceof SourceChanged) throw error;
    if (error instanceof WorkSpent) return refuse(error.code, error.message);
    if (error instanceof DamagedSource) return refuse("damaged", error.message);
    // A number in the file points outside a box or a packet.
    if (error instanceof RangeError) return refuse("damaged", `The file is damaged: ${error.message}.`);
    throw error;
  }
}

async function inMemory(source: ByteSource, work: Work): Promise<ByteSource> {
  return countedSource(memorySource(await source.read(0, source.sizeBytes)), work, { isInMemory: true });
}
