import type { EstimateLine } from "./estimate.ts";
import { CAPTIONED_UNITS, neuronsFor, tokensOf } from "./neurons.ts";
import type { JobWork } from "../jobs/new-job.ts";
import { SUMMARY_PART_CHARS } from "../models/prompts.ts";
import { type Step, STEP_MODELS } from "../jobs/steps.ts";

/** 160 words a minute, as people speak, and four tokens for three words. */
const SPOKEN_TOKENS_A_SECOND = 3.5;

const CHARS_A_TOKEN = 4;

/** The rules around each part, and what is written about it: as most summaries are, not as long as they may be. */
const RULES_TOKENS = 200;
const WRITTEN_TOKENS = 150;

/** What the steps of a job consume, as far as the length of its material tells: always rough. */
export function estimateSteps(work: JobWork, durationMs: number | null): readonly EstimateLine[] {
  const tokens = materialTokens(work, durationMs);
  return (work.input.then ?? []).map((step) => lineOf(step, tokens));
}

function lineOf(step: Step, tokens: number): EstimateLine {
  const model = STEP_MODELS[step];
  const line = (units: EstimateLine["units"], calls = 1) => {
    return { task: step, model, calls, units, neurons: neuronsFor(model, units) };
  };
  switch (step) {
    case "describe":
      return line(CAPTIONED_UNITS);
    case "embed":
      return line({ inputTokens: tokens });
    case "summarise": {
      const parts = Math.max(1, Math.ceil((tokens * CHARS_A_TOKEN) / SUMMARY_PART_CHARS));
      const calls = parts === 1 ? 1 : parts + 1;
      const again = parts === 1 ? 0 : parts * WRITTEN_TOKENS;
      const units = { inputTokens: tokens + again + calls * RULES_TOKENS, outputTokens: calls * WRITTEN_TOKENS };
      return line(units, calls);
    }
  }
}

function materialTokens({ kind, input }: JobWork, durationMs: number | null): number {
  if (kind === "transcription") return Math.ceil(((durationMs ?? 0) / 1000) * SPOKEN_TOKENS_A_SECOND);
  if ("text" in input) return tokensOf(input.text);
  if ("prompt" in input) return tokensOf(input.prompt);
  const isPicture = "media" in input && input.media === "image";
  return isPicture ? LABELS_TOKENS : Math.ceil(input.source.sizeBytes / CHARS_A_TOKEN);
}

/** A handful of labels. */
const LABELS_TOKENS = 20;
