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
import { boughtAnswer } from "../processors/stored-answer.ts";
import type { TaskContext } from "../processors/processor.ts";

/** Ten times what is asked for: so that summaries of summaries come to an end though a model did not heed its limit. */
const MOST_SUMMARY_CHARS = 4000;

export interface Summary extends Written {
  /** In so many parts it was read, in how many rounds: 1 and 1 where it fitted. */
  readonly parts: number;
  readonly rounds: number;
}

/** A summary of what is said in these lines; of a long text in parts, and then of their summaries. */
export async function summariseText(lines: readonly string[], model: ModelId, context: TaskContext): Promise<Summary> {
  const parts = textParts(lines, SUMMARY_PART_CHARS);
  let round = 1;
  let written = await summariseRound(parts, { round, model }, context);
  while (written.length > 1) {
    round += 1;
    written = await summariseRound(
      textParts(
        written.map(({ text }) => text),
        SUMMARY_PART_CHARS,
      ),
      { round, model },
      context,
    );
  }
  const [last] = written;
  if (last === undefined) throw new Error("there is nothing to summarise");
  return { ...last, parts: parts.length, rounds: round };
}

async function summariseRound(
  parts: readonly string[],
  { round, model }: { round: number; model: ModelId },
  context: TaskContext,
): Promise<readonly Written[]> {
  const written: Written[] = [];
  const count = parts.length;
  for (const [index, part] of parts.entries()) {
    const whole = round === 1 ? summaryOf(part) : summaryOfSummaries(part);
    const messages = count === 1 ? whole : summaryOfPart(part, { index, count });
    const answer = await boughtAnswer(context, `summary-${round}-${index}.json`, () =>
      write(context.models, model, { messages, maxTokens: SUMMARY_TOKENS }),
    );
    written.push({ ...answer, text: clip(answer.text, MOST_SUMMARY_CHARS) });
  }
  return written;
}
