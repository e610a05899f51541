import { extractAdts } from "./adts/adts.ts";
import type { ByteSource } from "./reading/byte-source.ts";
import { DamagedSource, type ChunkFile, type ChunkPlan, type ContainerName } from "./chunks/chunk.ts";
import { extractFlac } from "./flac/flac.ts";
import { extractFragmentedMp4 } from "./mp4/fmp4.ts";
import { extractMatroska } from "./matroska/matroska.ts";
import { extractMp3 } from "./mp3/mp3.ts";
import { extractMp4 } from "./mp4/mp4.ts";
import { extractMpegTs } from "./mpegts/mpegts.ts";
import { extractOgg } from "./ogg/ogg.ts";
import { extractFromPart } from "./chunks/parts.ts";
import { extractWav } from "./wav/wav.ts";
import { countedSource, cutWork, type Work } from "./reading/work.ts";

export type { ChunkFile } from "./chunks/chunk.ts";
export { splitChunk } from "./chunks/split.ts";

const extractors: Readonly<
  Record<ContainerName, (source: ByteSource, chunk: ChunkPlan, work: Work) => Promise<ChunkFile>>
> = {
  wav: extractWav,
  mp3: extractMp3,
  adts: extractAdts,
  flac: extractFlac,
  mp4: extractMp4,
  fmp4: extractFragmentedMp4,
  ogg: extractOgg,
  matroska: extractMatroska,
  mpegts: extractMpegTs,
};

/**
 * Cut one planned chunk out of a recording: a small file that decodes by itself.
 * @param work what cutting may take; by default what the chunk's bytes allow.
 * @throws WorkSpent, DamagedSource, SilentStretch
 */
export async function extractChunk(
  source: ByteSource,
  container: string,
  chunk: ChunkPlan,
  work: Work = cutWork(chunk),
): Promise<ChunkFile> {
  if (!isContainer(container)) throw new DamagedSource(`No container is called '${container}'.`);
  const extract = extractors[container];
  const { part } = chunk;
  const counted = countedSource(source, work);
  const file = await (part === undefined
    ? extract(counted, chunk, work)
    : extractFromPart(counted, { ...chunk, part }, extract, work));
  // A model must not be paid for a file without sound.
  if (!(file.durationMs > 0 && Number.isFinite(file.startMs)))
    throw new DamagedSource("There is no sound in the file where its plan has some.");
  return file;
}

function isContainer(name: string): name is ContainerName {
  return Object.hasOwn(extractors, name);
}
