import type { Chat } from "../chat.ts";
import { type Fitted, fitChat } from "../fit-chat.ts";
import type { ModelId } from "../models.ts";
import { inJson, MENDING_TOKENS, schemaAsked } from "../prompts.ts";

/** One that `readSchema` accepts. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Return the chat that asks for JSON of this schema. The cost of the call follows from it. */
export function jsonChat(chat: Chat, schema: JsonSchema): Chat {
  return schemaAsked(chat.messages) === null ? { ...chat, messages: inJson(chat.messages, schema) } : chat;
}

/** Cut a chat that asks for JSON to the context of every model that may be asked, with room for a second question. */
export function fitJsonChat(chat: Chat, schema: JsonSchema, models: readonly ModelId[]): Fitted {
  const asked = jsonChat(chat, schema);
  const fitted = fitChat({ ...asked, maxTokens: asked.maxTokens + MENDING_TOKENS }, models);
  return { ...fitted, chat: { ...fitted.chat, maxTokens: asked.maxTokens } };
}
