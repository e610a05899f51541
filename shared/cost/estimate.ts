import type { AudioExtent } from "../audio/extent.ts";
import { estimateSteps } from "./estimate-steps.ts";
import {
  IMAGE_CLASSIFIER,
  IMAGE_MODELS,
  type ModelId,
  SPEECH_MODELS,
  TEXT_CLASSIFIER,
  type Units,
} from "../models/models.ts";
import { neuronsFor, pictureUnits, tokensOf } from "./neurons.ts";
import type { JobWork } from "../jobs/new-job.ts";
import { imageModelOf, type ImageOptions } from "../jobs/options.ts";
import type { TaskKind } from "../jobs/task.ts";

/** What tasks of one kind are expected to consume together. */
export interface EstimateLine {
  readonly task: TaskKind;
  readonly model: ModelId;
  readonly calls: number;
  readonly units: Units;
  readonly neurons: number;
}

/** What a job is expected to consume if every call succeeds at once: its price before it runs. */
export interface Estimate {
  readonly lines: readonly EstimateLine[];
  /** Whether a quantity was guessed from a size, since reading what tells it would cost more than knowing is worth. */
  readonly isRough: boolean;
}

/**
 * @param extent of a recording, if it has been measured.
 * @returns null where only the recording itself can tell.
 */
export function estimateWork(work: JobWork, extent: AudioExtent | null): Estimate | null {
  const own = estimateOwn(work, extent);
  // What is refused, or says nothing, leaves nothing for steps.
  if (own === null || own.lines.length === 0 || work.input.then === undefined) return own;
  return { lines: [...own.lines, ...estimateSteps(work, extent?.durationMs ?? null)], isRough: true };
}

/** Without the steps. */
function estimateOwn(work: JobWork, extent: AudioExtent | null): Estimate | null {
  switch (work.kind) {
    case "transcription":
      return extent === null ? null : estimateAudio(SPEECH_MODELS[work.input.options.tier].id, extent);
    case "image_generation": {
      const { options } = work.input;
      return exact(estimateLine("generate_image", IMAGE_MODELS[imageModelOf(options)].id, drawingUnits(options)));
    }
    case "classification": {
      if ("text" in work.input) return roughText(tokensOf(work.input.text));
      if (work.input.media === "image") return exact(estimateLine("classify", IMAGE_CLASSIFIER, { pictures: 1 }));
      return roughText(Math.ceil(work.input.source.sizeBytes / 4));
    }
  }
}

/** What hearing a recording of this extent consumes, overlaps included: they are heard, and billed, twice. */
function estimateAudio(model: ModelId, { calls, sentMs, isCut, isRough }: AudioExtent): Estimate {
  if (calls === 0) return { lines: [], isRough };
  const units = { audioSeconds: sentMs / 1000 };
  return { lines: [estimateLine(isCut ? "transcribe_chunk" : "transcribe", model, units, calls)], isRough };
}

export function estimateLine(task: TaskKind, model: ModelId, units: Units, calls = 1): EstimateLine {
  return { task, model, calls, units, neurons: neuronsFor(model, units) };
}

export function estimatedNeurons({ lines }: Estimate): number {
  return lines.reduce((sum, { neurons }) => sum + neurons, 0);
}

/** What drawing consumes: what is asked for and, where nothing is, what the model does by itself. */
export function drawingUnits(options: ImageOptions): Units {
  const { width, height, steps } = IMAGE_MODELS[imageModelOf(options)].defaults;
  return pictureUnits({
    width: options.width ?? width,
    height: options.height ?? height,
    steps: options.steps ?? steps,
  });
}

function exact(line: EstimateLine): Estimate {
  return { lines: [line], isRough: false };
}

/** Rough: only the model counts tokens. */
function roughText(inputTokens: number): Estimate {
  return { lines: [estimateLine("classify", TEXT_CLASSIFIER, { inputTokens })], isRough: true };
}
