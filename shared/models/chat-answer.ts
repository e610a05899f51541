// The answers of the text models, whole and as the events of a stream. The platform's pages and types say `response`; granite's
// full schema and its users say that it answers as OpenAI does (test/contracts/).
import * as z from "zod";

import { consumedBy } from "./consumed-by.ts";
import { parseAnswer, type Readable } from "./run-model.ts";

const Text = z.string().nullish();

/** `text` is the field of a completion, which is asked for with only a prompt. */
const Choice = z.object({ message: z.object({ content: Text }).nullish(), text: Text });

/** In JSON mode `response` is the JSON itself (developers.cloudflare.com/workers-ai/features/json-mode, read 2026-11-29). */
const Response = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]);

const ChatAnswer = z.union([z.object({ response: Response }), z.object({ choices: z.tuple([Choice], Choice) })]);

/**
 * Return what a model wrote, unchanged, or the JSON that it answered; it may be empty.
 * @throws ModelError if the answer has an unknown shape.
 */
export function readChat(answer: Readable): string {
  const read = parseAnswer(answer, ChatAnswer);
  if ("response" in read) return typeof read.response === "string" ? read.response : JSON.stringify(read.response);
  const [{ message, text }] = read.choices;
  return message?.content ?? text ?? "";
}

/**
 * Return whether the model stopped because it wrote as much as it may. Many answers do not say why the model ended; then the
 * number of tokens shows it, if there is one.
 */
export function isCutBy(value: unknown, maxTokens: number): boolean {
  const read = z.object({ choices: z.array(z.object({ finish_reason: Text })).nullish() }).safeParse(value);
  const reason = read.success ? read.data.choices?.[0]?.finish_reason : null;
  if (reason === LENGTH) return true;
  return (consumedBy(value).units.outputTokens ?? 0) >= maxTokens;
}

/** The reason of a model that wrote as many tokens as it may. */
const LENGTH = "length";

const Piece = z.object({
  delta: z.object({ content: Text, reasoning_content: Text, reasoning: Text }).nullish(),
  text: Text,
  finish_reason: Text,
});

const ChatEvent = z.object({
  response: Text,
  choices: z.array(Piece).nullish(),
  usage: z.object({}).nullish(),
});

export interface ChatPiece {
  /** Empty if the event has no text. */
  readonly text: string;
  /** Whether the model has spent a token on it. Reasoning is not shown, but it is paid for. */
  readonly isToken: boolean;
  /** Whether the model says that nothing more comes. */
  readonly isLast: boolean;
  /** Whether the model says that it ended because it wrote as much as it may. */
  readonly isCut: boolean;
}

/** Read one event of a stream; null if it is not an event of a text model. */
export function readChatEvent(data: unknown): ChatPiece | null {
  const event = ChatEvent.safeParse(data);
  if (!event.success) return null;
  const { response, choices, usage } = event.data;
  const [choice] = choices ?? [];
  const text = response ?? choice?.delta?.content ?? choice?.text ?? "";
  const thought = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning ?? "";
  const isLast = Boolean(usage) || Boolean(choice?.finish_reason);
  const isCut = choice?.finish_reason === LENGTH;
  return { text, isToken: text !== "" || thought !== "", isLast, isCut };
}
