// The parts that a chat completion and a response have in common.
import * as z from "zod";

import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_CHAT_CHARS, MAX_OUTPUT_TOKENS, MAX_SYSTEM_CHARS } from "../../shared/limits.ts";
import type { JsonSchema } from "../../shared/models/json-output/json-chat.ts";
import type { Message } from "../../shared/models/prompts.ts";
import { LEAST_TOP_P, type Sampling, seedOf } from "../../shared/models/sampling.ts";
import type { Chat } from "../../shared/models/chat.ts";
import { clip, countChars } from "../../shared/input/characters.ts";

/** How much a model writes if the request has no limit: four pages. What a call may cost is set aside before, so this is not the most. */
const DEFAULT_OUTPUT_TOKENS = 2048;

/** OpenAI's own limit is 2,048 parts. The size of the body is limited as well. */
const MAX_PARTS = 2048;

/** More messages than this exceed the context of every model many times. The size of the body is limited as well. */
export const MAX_MESSAGES = 2048;

export const ChatText = boundedText({ max: MAX_CHAT_CHARS });

/** The content of a message: a string, or parts of these types. `types` are those that contain text. */
export function contentOf(types: readonly [string, ...string[]]) {
  const TextPart = z.looseObject({
    type: z.enum(types, {
      error: ({ input }) =>
        `${shown(input)} is not supported: the models read text only, as parts of type '${types[0]}'`,
    }),
    text: ChatText.optional(),
    refusal: ChatText.optional(),
  });
  return z.union([ChatText, z.array(TextPart).max(MAX_PARTS)]);
}

export type Content = z.infer<ReturnType<typeof contentOf>>;

/** The text of a message. Parts are paragraphs. */
export function textOf(content: Content | null | undefined): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text, refusal }) => text ?? refusal ?? "").join("\n\n");
}

/** The roles of OpenAI's API, as the models know them: instructions of a developer are those of the system. */
export const roles = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
} as const satisfies Record<string, Message["role"]>;

export const Role = z.enum(["system", "developer", "user", "assistant"], {
  error: ({ input }) =>
    `${shown(input)} is not supported: the role of a message is 'system', 'developer', 'user' or 'assistant'`,
});

export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
};

/** How much the model may write. 0 is sent for "no limit". */
export const TokenLimit = z.int().min(0).nullish();

const JsonSchema = z.looseObject({
  name: boundedText({ max: 200 }).optional(),
  schema: AnyObject.nullish(),
});

const formatError = ({ input }: { readonly input?: unknown }) => {
  const type = typeof input === "object" && input !== null && "type" in input ? input.type : input;
  return `${shown(type)} is not supported: 'text', 'json_object' or 'json_schema'`;
};

/** `response_format` of a chat completion. */
export const ChatFormat = z.discriminatedUnion(
  "type",
  [
    z.looseObject({ type: z.literal("text") }),
    z.looseObject({ type: z.literal("json_object") }),
    z.looseObject({ type: z.literal("json_schema"), json_schema: JsonSchema }),
  ],
  { error: formatError },
);

/** `text.format` of a response. */
export const TextFormat = z.discriminatedUnion(
  "type",
  [
    z.looseObject({ type: z.literal("text") }),
    z.looseObject({ type: z.literal("json_object") }),
    JsonSchema.extend({ type: z.literal("json_schema") }),
  ],
  { error: formatError },
);

/** What an answer must fit. */
export interface WantedJson {
  readonly schema: JsonSchema;
  /** Where the request has it. */
  readonly at: string;
}

/** `json_object` asks for any object. A `json_schema` may come without a schema. */
export const ANY_OBJECT: JsonSchema = { type: "object" };

export function samplingOf({
  top_p,
  seed,
  ...penalties
}: {
  readonly top_p?: number | null | undefined;
  readonly seed?: number | null | undefined;
  readonly frequency_penalty?: number | null | undefined;
  readonly presence_penalty?: number | null | undefined;
}): Sampling {
  const { frequency_penalty: frequency, presence_penalty: presence } = penalties;
  // A value that changes nothing is not sent.
  return {
    ...(isSet(top_p, 1) && { top_p: Math.max(top_p, LEAST_TOP_P) }),
    ...(isSet(seed, null) && { seed: seedOf(seed) }),
    ...(isSet(frequency, 0) && { frequency_penalty: frequency }),
    ...(isSet(presence, 0) && { presence_penalty: presence }),
  };
}

function isSet(value: number | null | undefined, neutral: number | null): value is number {
  return value !== undefined && value !== null && value !== neutral;
}

/** The chat for the models, and the notices for its client. */
export interface TextChat {
  readonly chat: Chat;
  readonly notices: readonly string[];
}

/**
 * @param limit the field that limits how much is written, and its value; 0 for no limit.
 */
export function chatOf(
  messages: readonly Message[],
  {
    limit,
    temperature,
    sampling,
  }: {
    readonly limit: readonly [string, number];
    readonly temperature: number | null | undefined;
    readonly sampling: Sampling;
  },
): TextChat {
  const [name, asked] = limit;
  const maxTokens = asked === 0 ? DEFAULT_OUTPUT_TOKENS : Math.min(asked, MAX_OUTPUT_TOKENS);
  const notices =
    asked > maxTokens ? [`'${name}' is ${asked}, but an answer has at most ${MAX_OUTPUT_TOKENS} tokens here.`] : [];
  const chat = { messages: withRequest(messages), maxTokens, temperature: temperature ?? undefined, sampling };
  return { chat, notices };
}

/** The models answer a user. In a conversation that has only instructions, the last one is the request. */
function withRequest(messages: readonly Message[]): readonly Message[] {
  const last = messages.at(-1);
  if (last === undefined || messages.some(({ role }) => role === "user")) return messages;
  return [...messages.slice(0, -1), { ...last, role: "user" }];
}

/**
 * Instructions are cut last, so they must leave room for the conversation. A chat without any text would be paid for, and answered
 * with nonsense. @returns what is wrong.
 */
export function refuseMessages(messages: readonly Message[]): string | null {
  if (messages.every(({ content }) => content.trim() === "")) return "no message has any text";
  const chars = messages.reduce((sum, { role, content }) => sum + (role === "system" ? countChars(content) : 0), 0);
  if (chars <= MAX_SYSTEM_CHARS) return null;
  return `the instructions have ${chars} characters; the limit is ${MAX_SYSTEM_CHARS}. Send long material as the user's message`;
}

const MAX_SHOWN_CHARS = 60;

/** A value as a message names it. */
export function shown(value: unknown): string {
  return `'${clip(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), MAX_SHOWN_CHARS)}'`;
}
