import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import { chunksOf, decode, fileSource, LIMITS } from "./media.ts";

/** Plan and cut a file, and lay what every chunk answers for side by side, as a player hears it. */
export async function cutAll(path: string, folder: string) {
  const source = await fileSource(path);
  const plan = chunksOf(await planAudio(source, LIMITS));
  const heard = new Float32Array(plan.durationMs * 16);
  let [reads, mostBytes, saidMs] = [0, 0, 0];
  for (const chunk of plan.chunks) {
    const before = source.reads;
    const cut = await extractChunk(source, chunk).catch(() => null);
    if (cut === null) continue;
    reads = Math.max(reads, source.reads - before);
    mostBytes = Math.max(mostBytes, cut.bytes.length);
    saidMs = cut.startMs + cut.durationMs;
    await writeFile(join(folder, "chunk"), cut.bytes);
    const samples = await decode(join(folder, "chunk"));
    const from = chunk.ownStartMs * 16;
    const skipped = from - Math.round(cut.startMs * 16);
    heard.set(samples.subarray(skipped, skipped + (chunk.ownEndMs - chunk.ownStartMs) * 16), from);
  }
  return { plan, heard, reads, mostBytes, saidMs, ratio: source.bytes / source.sizeBytes };
}
