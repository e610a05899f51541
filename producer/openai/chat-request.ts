import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import type { Message } from "../../shared/models/prompts.ts";
import { ModelName } from "./model-names.ts";
import {
  ANY_OBJECT,
  ChatFormat,
  ChatText,
  chatOf,
  contentOf,
  MAX_MESSAGES,
  refuseMessages,
  Role,
  roles,
  samplingFields,
  samplingOf,
  type TextChat,
  textOf,
  TokenLimit,
  type WantedJson,
} from "./text-request.ts";

/** OpenAI's own limit is four sequences. */
const MAX_STOPS = 4;
const StopSequence = boundedText({ max: 200, min: 1 });

const Penalty = z.number().min(-2).max(2).nullish();

// Loose, because SDKs send more with each version. What is not listed here is named in the header of the answer.
const ChatMessage = z
  .looseObject({
    role: Role,
    content: contentOf(["text", "refusal"]).nullish(),
    name: ChatText.nullish(),
    tool_calls: z.array(z.unknown()).max(0, "tools are not supported here").nullish(),
    function_call: z.null("functions are not supported here").optional(),
    audio: z.null("the models read text only").optional(),
  })
  .refine(({ role, content }) => role === "assistant" || (content !== undefined && content !== null), {
    path: ["content"],
    message: "is missing",
  });
type ChatMessage = z.infer<typeof ChatMessage>;

export const ChatCompletionRequest = z.looseObject({
  model: ModelName,
  messages: z
    .array(ChatMessage)
    .min(1)
    .max(MAX_MESSAGES)
    .superRefine((messages, context) => {
      const message = refuseMessages(messages.map(messageOf));
      if (message !== null) context.addIssue({ code: "custom", message });
    }),
  ...samplingFields,
  seed: z.number().nullish(),
  frequency_penalty: Penalty,
  presence_penalty: Penalty,
  max_tokens: TokenLimit,
  max_completion_tokens: TokenLimit,
  stop: z.union([StopSequence, z.array(StopSequence).max(MAX_STOPS)]).nullish(),
  response_format: ChatFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

/** What the route reads. `n` is checked by a rule. */
export const CHAT_FIELDS: ReadonlySet<string> = new Set([...Object.keys(ChatCompletionRequest.shape), "n"]);

export function chatOfCompletion(request: ChatCompletionRequest): TextChat {
  const { messages, temperature, max_tokens, max_completion_tokens } = request;
  const limit: readonly [string, number] =
    (max_completion_tokens ?? 0) > 0
      ? ["max_completion_tokens", max_completion_tokens ?? 0]
      : ["max_tokens", max_tokens ?? 0];
  return chatOf(messages.map(messageOf), { limit, temperature, sampling: samplingOf(request) });
}

export function stopsOf({ stop }: ChatCompletionRequest): readonly string[] {
  return typeof stop === "string" ? [stop] : (stop ?? []);
}

export function jsonWanted({ response_format: format }: ChatCompletionRequest): WantedJson | null {
  switch (format?.type) {
    case undefined:
    case "text":
      return null;
    case "json_object":
      return { schema: ANY_OBJECT, at: "response_format" };
    case "json_schema":
      return { schema: format.json_schema.schema ?? ANY_OBJECT, at: "response_format.json_schema.schema" };
  }
}

function messageOf({ role, content }: ChatMessage): Message {
  return { role: roles[role], content: textOf(content) };
}
