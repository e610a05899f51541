import { countChars } from "../../shared/input/characters.ts";
import { STEP_MODELS, SummariseArgs } from "../../shared/jobs/steps.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { NOTHING_TO_DO, type TextMaterial, withText } from "../steps/material.ts";
import { type Summary, summariseText } from "../steps/summarise-text.ts";
import { processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

type SummariseTools = Pick<Tools, "models" | "media" | "withSource" | "results" | "readJobContents">;

/** Summarise a transcript or a text in a few sentences: `summary.txt`, and `summary.json` with what it covers. */
export function createSummarise({ models, results, ...reading }: SummariseTools) {
  return processor(SummariseArgs, async ({ model = STEP_MODELS.summarise }, attempt) =>
    withText(attempt, reading, async (material) => {
      // A recording without speech has no summary.
      if (material.lines.every((line) => line.trim() === "")) return NOTHING_TO_DO;
      const summary = await summariseText(material.lines, model, attempt, { models, results });
      // The cost is stored with the answers for the parts.
      const paid: [] = [];
      return {
        type: "completed",
        passages: cutPassages(attempt.task.jobId, { summary: summary.text }),
        artifacts: await Promise.all([
          results.store(attempt, {
            name: "summary.json",
            contentType: "application/json",
            body: JSON.stringify(summaryJson(summary, material), null, 2),
            paid,
          }),
          results.store(attempt, {
            name: "summary.txt",
            contentType: "text/plain; charset=utf-8",
            body: `${summary.text}\n`,
            paid,
          }),
        ]),
      };
    }),
  );
}

function summaryJson({ text, model, engine, parts, rounds }: Summary, { lines, transcript }: TextMaterial) {
  const covers =
    transcript === null
      ? { characters: countChars(lines.join("\n")) }
      : { durationMs: transcript.durationMs, isComplete: transcript.isComplete, gaps: transcript.gaps };
  return { model, engine, text, covers, parts, rounds };
}
