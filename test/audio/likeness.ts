import type { ByteSource } from "../../shared/audio/reading/byte-source.ts";
import type { ChunkFile } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { type Chunks, compare, decodeAll } from "./media.ts";

const SLICE_MS = 2_000;

/** Return the lowest likeness, over all slices, between the own parts of the chunks and the expected sound at their time. */
export async function worstLikeness(
  source: ByteSource,
  plan: Chunks,
  expected: Float32Array,
): Promise<{ readonly correlation: number; readonly lagMs: number; readonly atMs: number }> {
  let worst = { correlation: 1, lagMs: 0, atMs: -1 };
  const cuts: ChunkFile[] = [];
  for (const chunk of plan.chunks) cuts.push(await extractChunk(source, chunk));
  const decoded = await decodeAll(cuts.map(({ bytes }) => bytes));
  for (const [index, chunk] of plan.chunks.entries()) {
    const [cut, pcm] = [cuts[index]!, decoded[index]!];
    // The decoder warms up at the start of each link, and rounding affects the end of the last slice.
    for (let from = chunk.ownStartMs + 200; from < chunk.ownEndMs - 300; from += SLICE_MS) {
      const like = compare(expected, pcm, cut.startMs, from, Math.min(from + SLICE_MS, chunk.ownEndMs - 100));
      if (like.correlation < worst.correlation) worst = { ...like, atMs: from };
    }
  }
  return worst;
}
