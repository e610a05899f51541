import { DamagedSource, refuse, type AudioPlan } from "./chunks/chunk.ts";
import { SMALL_BYTES, type Wanted } from "./chunks/limits.ts";
import { memorySource, SourceChanged, type ByteSource } from "./reading/byte-source.ts";
import { planWork, WorkSpent, type Work } from "./reading/work.ts";
import { countedSource } from "./reading/counted-source.ts";
import { sniffContainer } from "./sniff.ts";

export type { AudioPlan, ChunkPlan } from "./chunks/chunk.ts";

/**
 * Decide how to cut a recording for calls with these limits, or why it cannot be cut. The same object gives the same plan.
 * @param work what planning may take; by default what the source's size allows.
 */
export async function planAudio(source: ByteSource, limits: Wanted, work: Work = planWork(source)): Promise<AudioPlan> {
  if (source.sizeBytes === 0) return refuse("empty", "The file is empty.");
  try {
    const counted = countedSource(source, work);
    const looked = source.sizeBytes > SMALL_BYTES ? counted : await inMemory(counted, work);
    const container = await sniffContainer(looked, work);
    if ("type" in container) return container;
    const planned = await container.plan(looked, limits, work);
    return planned.type === "refused" ? planned : { ...planned, durationMs: Math.round(planned.durationMs) };
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
