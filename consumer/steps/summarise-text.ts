import { write, type Written } from "../../shared/models/writer.ts";
import { clip } from "../../shared/input/characters.ts";
import type { ModelId } from "../../shared/models/models.ts";
import {
  SUMMARY_PART_CHARS,
  SUMMARY_TOKENS,
  summaryOf,
  summaryOfPart,
  summaryOfSummaries,
} from "../../shared/models/prompts.ts";
import { textParts } from "../../shared/transcripts/text-parts.ts";
import type { Tools } from "../processors/tools.ts";
import type { Attempt } from "../runner/attempt.ts";

/** Ten times the requested length, so that summaries of summaries come to an end even if a model ignores its limit. */
const MOST_SUMMARY_CHARS = 4000;

export interface Summary extends Written {
  /** The number of parts in which the text was read, and the number of rounds: both are 1 if the text fitted. */
  readonly parts: number;
  readonly rounds: number;
}

/** Summarise the text of these lines. A long text is summarised in parts, and then the summaries are summarised together. */
export async function summariseText(
  lines: readonly string[],
  model: ModelId,
  attempt: Attempt,
  tools: Pick<Tools, "models" | "results">,
): Promise<Summary> {
  const parts = textParts(lines, SUMMARY_PART_CHARS);
  let round = 1;
  let written = await summariseRound(parts, { round, model }, attempt, tools);
  while (written.length > 1) {
    round += 1;
    written = await summariseRound(
      textParts(
        written.map(({ text }) => text),
        SUMMARY_PART_CHARS,
      ),
      { round, model },
      attempt,
      tools,
    );
  }
  const [last] = written;
  if (last === undefined) throw new Error("there is nothing to summarise");
  return { ...last, parts: parts.length, rounds: round };
}

async function summariseRound(
  parts: readonly string[],
  { round, model }: { round: number; model: ModelId },
  attempt: Attempt,
  { models, results }: Pick<Tools, "models" | "results">,
): Promise<readonly Written[]> {
  const written: Written[] = [];
  const count = parts.length;
  for (const [index, part] of parts.entries()) {
    const whole = round === 1 ? summaryOf(part) : summaryOfSummaries(part);
    const messages = count === 1 ? whole : summaryOfPart(part, { index, count });
    const answer = await results.storedAnswer(attempt, `summary-${round}-${index}.json`, () =>
      write(models(attempt), model, { messages, maxTokens: SUMMARY_TOKENS }),
    );
    written.push({ ...answer, text: clip(answer.text, MOST_SUMMARY_CHARS) });
  }
  return written;
}
