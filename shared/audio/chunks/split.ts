import type { ChunkPlan } from "./chunk.ts";
import { OVERLAP_MS, SPLIT_MIN_MS } from "./limits.ts";

/**
 * Halve a chunk that the model refused as too large (code 3006). The halves keep its bytes and say which of them they
 * want; their own parts tile its own. Null when it cannot be made smaller.
 */
export function splitChunk(chunk: ChunkPlan): readonly [ChunkPlan, ChunkPlan] | null {
  if (chunk.endMs - chunk.startMs < SPLIT_MIN_MS) return null;
  const middleMs = Math.round((chunk.ownStartMs + chunk.ownEndMs) / 2);
  const overlapMs = Math.min(OVERLAP_MS, (chunk.endMs - chunk.startMs) / 4);
  return [
    { ...chunk, endMs: Math.min(chunk.endMs, middleMs + overlapMs / 2), ownEndMs: middleMs },
    { ...chunk, startMs: Math.max(chunk.startMs, middleMs - overlapMs / 2), ownStartMs: middleMs },
  ];
}
