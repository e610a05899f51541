import type { ModelId, Units } from "../models/models.ts";
import { neuronsFor } from "./neurons.ts";

/** What the tasks of one kind are expected to consume together. */
export interface EstimateLine {
  /** A kind of task. */
  readonly task: string;
  readonly model: ModelId;
  readonly calls: number;
  readonly units: Units;
  readonly neurons: number;
}

/** What a job is expected to consume if every call succeeds at once: its price before it runs. */
export interface Estimate {
  readonly lines: readonly EstimateLine[];
  /** Whether a quantity was guessed from a size, because reading the exact figure would cost more than it is worth. */
  readonly isRough: boolean;
}

export function estimateLine(task: string, model: ModelId, units: Units, calls = 1): EstimateLine {
  return { task, model, calls, units, neurons: neuronsFor(model, units) };
}

export function estimatedNeurons({ lines }: Estimate): number {
  return lines.reduce((sum, { neurons }) => sum + neurons, 0);
}

/** How much audio of a recording is sent to the model. */
export interface AudioExtent {
  readonly durationMs: number;
  /** Longer than the recording, because chunks overlap and the overlap is sent twice. */
  readonly sentMs: number;
  readonly calls: number;
  readonly isCut: boolean;
  /** Whether the length was guessed from the file's beginning and its size. */
  readonly isRough: boolean;
}
