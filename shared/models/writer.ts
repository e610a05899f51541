import { readChat } from "./chat-answer.ts";
import { unexpectedAnswer } from "./model-error.ts";
import type { ModelRunner } from "./run-model.ts";
import type { ModelId } from "./models.ts";
import { tokensOf } from "../cost/neurons.ts";
import type { Message } from "./prompts.ts";

export interface Written {
  readonly model: string;
  readonly engine: string;
  readonly text: string;
}

/**
 * Ask a text model for an answer.
 * @throws ModelError
 */
export async function write(
  models: ModelRunner,
  model: ModelId,
  { messages, maxTokens }: { messages: readonly Message[]; maxTokens: number },
): Promise<Written> {
  const inputTokens = messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
  const answer = await models.run(model, { messages, max_tokens: maxTokens }, { inputTokens, outputTokens: maxTokens });
  const text = readChat(answer).trim();
  if (text === "") throw unexpectedAnswer(model, "answered nothing");
  return { model, engine: answer.call.engine, text };
}
