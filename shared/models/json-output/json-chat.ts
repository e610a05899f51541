import type { Chat } from "../chat.ts";
import { type Fitted, fitChat, tokensOf } from "../fit-chat.ts";
import type { ModelId } from "../models.ts";
import { inJson, MENDING_TOKENS, schemaAsked } from "../prompts.ts";

/** One that `readSchema` accepts. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Return the chat that asks for JSON of this schema. The cost of the call follows from it. */
export function jsonChat(chat: Chat, schema: JsonSchema): Chat {
  return schemaAsked(chat.messages) === null ? { ...chat, messages: inJson(chat.messages, schema) } : chat;
}

/**
 * Cut a chat to the context of every model that may be asked, with room for the schema and for a second question. Then ask for JSON:
 * the schema itself is never cut.
 */
export function fitJsonChat(chat: Chat, schema: JsonSchema, models: readonly ModelId[]): Fitted {
  const reserved = tokensOf(inJson([], schema)) + MENDING_TOKENS;
  const { chat: fitted, cut } = fitChat({ ...chat, maxTokens: chat.maxTokens + reserved }, models);
  return { chat: jsonChat({ ...fitted, maxTokens: chat.maxTokens }, schema), cut };
}
