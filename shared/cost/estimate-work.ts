import { type Step, STEP_MODELS } from "../jobs/steps.ts";
import { type JobWork, kindOf } from "../kinds/index.ts";
import type { GivenWords, WrittenWords } from "../kinds/kind.ts";
import type { Units } from "../models/models.ts";
import { SUMMARY_PART_CHARS } from "../models/prompts.ts";
import { type AudioExtent, type Estimate, type EstimateLine, estimateLine } from "./estimate.ts";
import { CAPTIONED_UNITS, tokensOf } from "./neurons.ts";

/**
 * Estimate what a job and its steps consume.
 * @param extent the length of a recording, if it has been measured.
 * @returns null if it cannot be known before the recording is read.
 */
export function estimateWork(work: JobWork, extent: AudioExtent | null): Estimate | null {
  const own = kindOf(work.kind).estimate(work.input, extent);
  // A job that asks no model leaves nothing for its steps.
  if (own === null || own.lines.length === 0 || work.input.then === undefined) return own;
  return { lines: [...own.lines, ...estimateSteps(work, extent?.durationMs ?? null)], isRough: true };
}

/** People speak 160 words a minute, and three words are four tokens. */
const SPOKEN_TOKENS_A_SECOND = 3.5;

const CHARS_A_TOKEN = 4;

/** Tokens of the rules around each part, and of what is written about it: the length of most summaries, not the longest. */
const RULES_TOKENS = 200;
const WRITTEN_TOKENS = 150;

/** Estimate what the steps of a job consume, from the length of its material. The estimate is always rough. */
function estimateSteps(work: JobWork, durationMs: number | null): readonly EstimateLine[] {
  const tokens = materialTokens(work, durationMs);
  return (work.input.then ?? []).map((step) => lineOf(step, tokens));
}

function lineOf(step: Step, tokens: number): EstimateLine {
  const line = (units: Units, calls = 1) => estimateLine(step, STEP_MODELS[step], units, calls);
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
  const leaves = kindOf(kind).leaves(input);
  switch (leaves.material) {
    case "a transcript":
      return Math.ceil(((durationMs ?? 0) / 1000) * SPOKEN_TOKENS_A_SECOND);
    case "a text":
      return tokensOfWords(leaves.words);
    case "a picture":
      return leaves.prompt === undefined ? LABELS_TOKENS : tokensOfWords(leaves.prompt);
  }
}

function tokensOfWords(words: GivenWords | WrittenWords): number {
  if ("maxTokens" in words) return words.maxTokens;
  return "text" in words ? tokensOf(words.text) : Math.ceil(words.source.sizeBytes / CHARS_A_TOKEN);
}

/** Tokens of a handful of labels. */
const LABELS_TOKENS = 20;
