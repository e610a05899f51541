import { countChars } from "../../shared/input/characters.ts";
import { STEP_MODELS, SummariseArgs } from "../../shared/jobs/steps.ts";
import { processor } from "./processor.ts";
import { NOTHING_TO_DO, type TextMaterial, withText } from "../steps/material.ts";
import { type Summary, summariseText } from "../steps/summarise-text.ts";
import { storeArtifact } from "./store-artifact.ts";

/** A transcript or a text in a few sentences: `summary.txt`, and `summary.json` with what it covers. */
export const summarise = processor(SummariseArgs, async ({ model = STEP_MODELS.summarise }, context) =>
  withText(context, async (material) => {
    // A recording in which nobody speaks has no summary.
    if (material.lines.every((line) => line.trim() === "")) return NOTHING_TO_DO;
    const summary = await summariseText(material.lines, model, context);
    // Bought and stored in its parts.
    const paid: [] = [];
    return {
      type: "completed",
      artifacts: await Promise.all([
        storeArtifact(context, {
          name: "summary.json",
          contentType: "application/json",
          body: JSON.stringify(summaryJson(summary, material), null, 2),
          paid,
        }),
        storeArtifact(context, {
          name: "summary.txt",
          contentType: "text/plain; charset=utf-8",
          body: `${summary.text}\n`,
          paid,
        }),
      ]),
    };
  }),
);

function summaryJson({ text, model, engine, parts, rounds }: Summary, { lines, transcript }: TextMaterial) {
  const covers =
    transcript === null
      ? { characters: countChars(lines.join("\n")) }
      : { durationMs: transcript.durationMs, isComplete: transcript.isComplete, gaps: transcript.gaps };
  return { model, engine, text, covers, parts, rounds };
}
