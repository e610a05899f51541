import { CUTS_HELD_BYTES } from "../../shared/audio/chunks/limits.ts";
import { SOURCE_BYTES_IN_FLIGHT } from "../../shared/limits.ts";
import { type MemoryLimit, memoryLimit } from "../../shared/memory-limit.ts";

/** The memory limits that the tasks of one isolate share. */
export interface IsolateMemory {
  /** For media that a model is processing. */
  readonly sources: MemoryLimit;
  /** For cutting media up. */
  readonly cuts: MemoryLimit;
}

/** Create the limits once for an isolate, because it may run several batches at once. */
export function isolateMemory(): IsolateMemory {
  return { sources: memoryLimit(SOURCE_BYTES_IN_FLIGHT), cuts: memoryLimit(CUTS_HELD_BYTES) };
}
