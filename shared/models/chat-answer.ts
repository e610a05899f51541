// What the text models answer, whole and as the events of a stream. The platform's pages and types say `response`; granite's
// full schema and its users say that it answers as OpenAI's does (test/contracts/).
import * as z from "zod";

import { parseAnswer, type Readable } from "./run-model.ts";

const Text = z.string().nullish();

/** `text` is that of a completion, which is asked with a prompt alone. */
const Choice = z.object({ message: z.object({ content: Text }).nullish(), text: Text });

const ChatAnswer = z.union([z.object({ response: z.string() }), z.object({ choices: z.tuple([Choice], Choice) })]);

/** What a model wrote, as it is: it may be nothing. @throws ModelError where the answer has an unknown shape. */
export function readChat(answer: Readable): string {
  const read = parseAnswer(answer, ChatAnswer);
  if ("response" in read) return read.response;
  const [{ message, text }] = read.choices;
  return message?.content ?? text ?? "";
}

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
  /** Empty where the event brings none. */
  readonly text: string;
  /** Whether the model has spent a token on it. What it thinks is not shown, and is paid for. */
  readonly isToken: boolean;
  /** Whether the model says that there is no more to come. */
  readonly isLast: boolean;
}

/** One event of a stream; null for what is none of a text model's. */
export function readChatEvent(data: unknown): ChatPiece | null {
  const event = ChatEvent.safeParse(data);
  if (!event.success) return null;
  const { response, choices, usage } = event.data;
  const [choice] = choices ?? [];
  const text = response ?? choice?.delta?.content ?? choice?.text ?? "";
  const thought = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning ?? "";
  const isLast = Boolean(usage) || Boolean(choice?.finish_reason);
  return { text, isToken: text !== "" || thought !== "", isLast };
}
