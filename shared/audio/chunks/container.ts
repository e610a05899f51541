import * as z from "zod";

import type { ParseFrame } from "../frames/find.ts";
import type { ByteSource } from "../reading/byte-source.ts";
import type { Work } from "../reading/work.ts";
import type { AudioPlan, ChunkFile, ChunkPlan, Extra } from "./chunk.ts";
import { MAX_SEPARATE_CHANNELS, type Wanted } from "./limits.ts";

/**
 * A file format for recordings. Each has a folder, and a line in `containers.ts`.
 * @typeParam E the data that its plan stores with a chunk for its cutter.
 */
export interface Container<E extends Extra = Extra> {
  readonly name: E["type"];
  /** How to recognise its files; null if another container recognises them and hands them over. */
  readonly begins: Beginning | null;
  readonly extra: z.ZodType<E>;
  /** Decide where to cut a file, or say why it cannot be cut. */
  plan(source: ByteSource, wanted: Wanted, work: Work): Promise<AudioPlan>;
  /** Cut a chunk that `plan` has planned. */
  extract(source: ByteSource, chunk: ChunkPlan<E>, work: Work): Promise<ChunkFile>;
  /** Whether its cutter goes by times and reads on if a chunk's bytes end too early. A part of a chunk then needs a part of the bytes. */
  readonly endsByTime: boolean;
  /** Return the data that cuts this chunk and its neighbour as one; null if they have to be cut separately. */
  joined(first: E, next: E): E | null;
  /**
   * Set if a header lets a decoder trim what the encoder added at the ends, and a chunk does not have that header. A small undamaged file
   * that is one chunk is then sent as it is.
   */
  readonly isSentWhole?: true;
  /** How many bytes of a second of the file are sent to the model. */
  sentBytesPerSecond(bytesPerSecond: number): number;
}

export type Beginning =
  /** A mark at the start of the file. */
  | { readonly by: "mark"; readonly mayFollowTags: boolean; readonly isIn: (head: Uint8Array) => boolean }
  /** The first of the frames that the file consists of. Tags and junk may come before it. */
  | { readonly by: "frame"; readonly parse: ParseFrame };

/** More than the sound of almost every file has, if pictures are left out. */
const AUDIO_BYTES_PER_SECOND = 40_000;

/** Return the bytes a second that are sent of a container that may have video: only its sound is sent. */
export function soundAlone(bytesPerSecond: number): number {
  return Math.min(bytesPerSecond, AUDIO_BYTES_PER_SECOND);
}

const ByteRange = z.object({ offset: z.number(), length: z.number() });
const Part = z.object({ start: z.number(), end: z.number(), atMs: z.number() });

/**
 * A chunk of a file in a container, as its task stores it. Tasks of the previous version have no `extra.type` and no
 * `extra.v`. Their other fields are the same. That version ignores both fields, so it can read tasks of this version.
 */
export function storedChunk<E extends Extra>({ name, extra }: Pick<Container<E>, "name" | "extra">) {
  return z.object({
    index: z.number(),
    startMs: z.number(),
    endMs: z.number(),
    ownStartMs: z.number(),
    ownEndMs: z.number(),
    bytes: ByteRange.exactOptional(),
    part: Part.exactOptional(),
    channels: z.int().min(1).max(MAX_SEPARATE_CHANNELS).exactOptional(),
    extra: z
      .looseObject({})
      .default({})
      .transform((stored): unknown => ({ type: name, v: 1, ...stored }))
      .pipe(extra),
  }) satisfies z.ZodType<ChunkPlan<E>>;
}
