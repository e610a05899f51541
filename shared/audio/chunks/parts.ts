import type { ByteSource } from "../reading/byte-source.ts";
import type { AudioPlan, ChunkFile, ChunkPlan, Missing, Part, Times } from "./chunk.ts";
import type { Container } from "./container.ts";
import type { Work } from "../reading/work.ts";

/** The work of opening a part and reading its headers. */
const PART_ELEMENTS = 256;

/**
 * Plan a source that consists of several files laid end to end: `cat` and recorders that are started again write such
 * files. Each part has its own headers and its own clock, and continues where the previous part ends. A part without
 * audio takes no time. A part that is refused for any other reason refuses the source.
 * @param starts where the parts begin, in order; each ends where the next begins.
 */
export async function planParts(
  source: ByteSource,
  starts: readonly number[],
  work: Work,
  plan: (part: ByteSource, index: number) => Promise<AudioPlan>,
): Promise<AudioPlan> {
  let first: Extract<AudioPlan, { readonly type: "chunks" }> | undefined;
  const chunks: ChunkPlan[] = [];
  const gaps: Missing[] = [];
  let atMs = 0;
  for (const [index, start] of starts.entries()) {
    work.visit(PART_ELEMENTS);
    const bounds = { start, end: starts[index + 1] ?? source.sizeBytes };
    const planned = await plan(partOf(source, bounds), index);
    if (planned.type === "refused" && planned.code === "no_audio_track") continue;
    if (planned.type !== "chunks") return planned;
    first ??= planned;
    for (const chunk of planned.chunks) {
      chunks.push({ ...shift(chunk, atMs), index: chunks.length, part: within(bounds, atMs, chunk.part) });
    }
    gaps.push(...laterBy(planned.gaps ?? [], atMs));
    atMs += Math.round(planned.durationMs);
  }
  if (first === undefined) return plan(source, 0);
  return { ...first, durationMs: atMs, chunks, gaps };
}

/** Return a part of the source, or of one of its parts. */
function within({ start, end }: Pick<Part, "start" | "end">, atMs: number, inner: Part | undefined): Part {
  if (inner === undefined) return { start, end, atMs };
  return { start: start + inner.start, end: start + inner.end, atMs: atMs + inner.atMs };
}

/** Cut a chunk out of its part. */
export async function extractFromPart(
  source: ByteSource,
  { part, ...chunk }: ChunkPlan & { readonly part: Part },
  container: Container,
  work: Work,
): Promise<ChunkFile> {
  const file = await container.extract(partOf(source, part), shift(chunk, -part.atMs), work);
  const { missing = [], quiet = [] } = file;
  return {
    ...file,
    startMs: file.startMs + part.atMs,
    missing: laterBy(missing, part.atMs),
    quiet: laterBy(quiet, part.atMs),
  };
}

function partOf(source: ByteSource, { start, end }: Pick<Part, "start" | "end">): ByteSource {
  return { sizeBytes: end - start, read: async (offset, length) => source.read(start + offset, length) };
}

function laterBy<T extends Times>(times: readonly T[], byMs: number): readonly T[] {
  return times.map((one) => ({ ...one, startMs: one.startMs + byMs, endMs: one.endMs + byMs }));
}

function shift(chunk: ChunkPlan, byMs: number): ChunkPlan {
  return {
    ...chunk,
    startMs: chunk.startMs + byMs,
    endMs: chunk.endMs + byMs,
    ownStartMs: chunk.ownStartMs + byMs,
    ownEndMs: chunk.ownEndMs + byMs,
  };
}
