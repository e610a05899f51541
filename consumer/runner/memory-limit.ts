import { CUTS_HELD_BYTES } from "../../shared/audio/chunks/limits.ts";
import { SOURCE_BYTES_IN_FLIGHT } from "../../shared/limits.ts";
import { type MemoryLimit, memoryLimit } from "../../shared/memory-limit.ts";

/** What the tasks of one isolate share. */
export interface IsolateMemory {
  /** For media that a model is working on. */
  readonly sources: MemoryLimit;
  /** For cutting media up. */
  readonly cuts: MemoryLimit;
}

/** Once an isolate: it may run several batches at once. */
export function isolateMemory(): IsolateMemory {
  return { sources: memoryLimit(SOURCE_BYTES_IN_FLIGHT), cuts: memoryLimit(CUTS_HELD_BYTES) };
}
