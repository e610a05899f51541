import { chooseLines, stampedLine } from "./choose-lines.ts";
import { type ModelId, TEXT_MODELS, type Tier } from "../../shared/models/models.ts";
import { ANSWER_TOKENS, answerTo } from "../../shared/models/prompts.ts";
import type { Chat } from "../../shared/models/chat.ts";
import type { Covers } from "./schema.ts";
import type { AskedAbout } from "./read-lines.ts";

/**
 * How much a model is given to read at most. 32,000 tokens is the shortest known context of these models, and a message may have
 * 131,072 characters (developers.cloudflare.com/workers-ai/models, read 2026-11-25). The densest scripts take three bytes a token.
 * This is an hour and a half of speech, for 30 neurons of the smallest model.
 */
const MATERIAL_BYTES = 72_000;

/** A question as it is put to a model. */
export interface Question {
  readonly model: ModelId;
  readonly chat: Chat;
  readonly covers: Covers;
}

export function questionOf({ question, tier }: { question: string; tier: Tier }, about: AskedAbout): Question {
  const { isWhole, runs } = chooseLines(about.lines, question, MATERIAL_BYTES);
  const messages = answerTo(question, runs.map((run) => run.map(stampedLine).join("\n")).join("\n…\n"));
  const stretches = runs.flatMap((run) => {
    const [startMs, endMs] = [run[0]?.startMs ?? null, run.at(-1)?.endMs ?? null];
    return startMs === null || endMs === null ? [] : [{ startMs, endMs }];
  });
  return {
    model: TEXT_MODELS[tier],
    chat: { messages, maxTokens: ANSWER_TOKENS },
    covers: { isWhole, durationMs: about.durationMs, stretches },
  };
}
