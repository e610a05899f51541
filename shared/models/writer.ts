import { type Chat, chatInputs, chatUnits } from "./chat.ts";
import { isCutBy, readChat } from "./chat-answer.ts";
import { unexpectedAnswer } from "./model-error.ts";
import type { ModelRunner } from "./run-model.ts";
import type { ModelId } from "./models.ts";

export interface Written {
  readonly model: string;
  readonly engine: string;
  readonly text: string;
  /** Whether the model stopped because it wrote as much as it may. */
  readonly isCut: boolean;
}

/**
 * Ask a text model for an answer.
 * @throws ModelError
 */
export async function write(models: ModelRunner, model: ModelId, chat: Chat): Promise<Written> {
  const answer = await models.run(model, chatInputs(chat), chatUnits(chat));
  const text = readChat(answer).trim();
  if (text === "") throw unexpectedAnswer(model, "answered nothing");
  return { model, engine: answer.call.engine, text, isCut: isCutBy(answer.value, chat.maxTokens) };
}
