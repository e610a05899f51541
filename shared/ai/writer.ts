import * as z from "zod";

import { type ModelRunner, parseAnswer } from "./run-model.ts";
import type { ModelId } from "../models.ts";
import { tokensOf } from "../neurons.ts";
import type { Message } from "../prompts.ts";

const TextAnswer = z.object({ response: z.string() });

export interface Written {
  readonly model: string;
  readonly engine: string;
  readonly text: string;
}

/**
 * Have a text model answer.
 * @throws an Error with the model's `<code>: <description>`, or one saying that it answered nothing.
 */
export async function write(
  models: ModelRunner,
  model: ModelId,
  { messages, maxTokens }: { messages: readonly Message[]; maxTokens: number },
): Promise<Written> {
  const inputTokens = messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
  const answer = await models.run(model, { messages, max_tokens: maxTokens }, { inputTokens, outputTokens: maxTokens });
  const text = parseAnswer(answer, TextAnswer).response.trim();
  if (text === "") throw new Error(`'${model}' answered nothing`);
  return { model, engine: answer.call.engine, text };
}
