import { DamagedSource, type ChunkFile, type ChunkPlan } from "./chunks/chunk.ts";
import { extractFromPart } from "./chunks/parts.ts";
import { containerNamed } from "./containers.ts";
import type { ByteSource } from "./reading/byte-source.ts";
import { cutWork, type Work } from "./reading/work.ts";
import { countedSource } from "./reading/counted-source.ts";

/**
 * Cut one planned chunk out of a recording: a small file that decodes by itself. The chunk's `extra` names the container.
 * @param work the work that cutting may take; by default as much as the chunk's bytes allow.
 * @throws WorkSpent, DamagedSource, SilentStretch
 */
export async function extractChunk(
  source: ByteSource,
  chunk: ChunkPlan,
  work: Work = cutWork(chunk),
): Promise<ChunkFile> {
  const container = containerNamed(chunk.extra.type);
  const { part } = chunk;
  const counted = countedSource(source, work);
  const file = await (part === undefined
    ? container.extract(counted, chunk, work)
    : extractFromPart(counted, { ...chunk, part }, container, work));
  // A call to a model must not be paid for a file without sound.
  if (!(file.durationMs > 0 && Number.isFinite(file.startMs)))
    throw new DamagedSource("The file has no sound at a place where its plan has some.");
  return file;
}
