import type { ChunkFile, ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, decodeAll, fileSource, LIMITS } from "./media.ts";

/** Plan and cut a file, and join the own parts of all chunks as a player plays them. */
export async function cutAll(path: string) {
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const heard = new Float32Array(plan.durationMs * 16);
  let [reads, mostBytes, saidMs] = [0, 0, 0];
  const cuts: { readonly chunk: ChunkPlan; readonly cut: ChunkFile }[] = [];
  for (const chunk of plan.chunks) {
    const before = source.reads;
    const cut = await extractChunk(source, chunk).catch(() => null);
    if (cut === null) continue;
    reads = Math.max(reads, source.reads - before);
    mostBytes = Math.max(mostBytes, cut.bytes.length);
    saidMs = cut.startMs + cut.durationMs;
    cuts.push({ chunk, cut });
  }
  const decoded = await decodeAll(cuts.map(({ cut }) => cut.bytes));
  for (const [index, { chunk, cut }] of cuts.entries()) {
    const samples = decoded[index]!;
    const from = chunk.ownStartMs * 16;
    const skipped = from - Math.round(cut.startMs * 16);
    heard.set(samples.subarray(skipped, skipped + (chunk.ownEndMs - chunk.ownStartMs) * 16), from);
  }
  return { plan, heard, reads, mostBytes, saidMs, ratio: source.bytes / source.sizeBytes };
}
