import type { ModelId } from "./models.ts";
import { clipBytes, clipBytesFront, countChars } from "../input/characters.ts";
import type { Message } from "./prompts.ts";
import type { Chat } from "./chat.ts";

/** How a conversation is cut to the context of a model. Null in `Fitted` if nothing was cut. */
export interface Cut {
  /** The oldest messages between the instructions and the prompt are left out first. */
  readonly messagesLeftOut: number;
  /** Then the middle of the prompt: instructions are mostly at one of its ends. */
  readonly promptCharsLeftOut: number;
  /** Instructions that would leave less than half of the context to the prompt lose the middle as well. */
  readonly instructionCharsLeftOut: number;
}

export interface Fitted {
  readonly chat: Chat;
  readonly cut: Cut | null;
}

/**
 * The context of each text model, in tokens, as its page says (developers.cloudflare.com/workers-ai/models, read 2026-11-29). A model
 * that is not listed here has no page; 32,000 tokens is the shortest context of its family.
 */
const CONTEXT_TOKENS: Readonly<Partial<Record<ModelId, number>>> = {
  "@cf/ibm-granite/granite-4.0-h-micro": 131_000,
  "@cf/meta/llama-3.2-3b-instruct": 80_000,
};
const LEAST_CONTEXT_TOKENS = 32_000;

/** Return how many tokens a model takes, with those that it writes. */
export function contextTokens(model: ModelId): number {
  return CONTEXT_TOKENS[model] ?? LEAST_CONTEXT_TOKENS;
}

/** Roles and separators of a message. */
const MESSAGE_TOKENS = 8;

/** The densest scripts take three bytes of UTF-8 a token, so no text has more tokens than this. */
const BYTES_A_TOKEN = 3;

/** In place of what was left out of a prompt. */
const GAP = "\n\n[…]\n\n";

const encoder = new TextEncoder();

/**
 * Cut a chat so that it fits the context of every model that may be asked, with the tokens that may be written. The instructions and
 * the last message always stay; if one of them is too long, both its ends stay.
 */
export function fitChat(chat: Chat, models: readonly ModelId[]): Fitted {
  const context = Math.min(...models.map(contextTokens));
  let left = context - chat.maxTokens;
  const prompt = chat.messages.at(-1);
  if (prompt === undefined || tokensOf(chat.messages) <= left) return { chat, cut: null };
  const given = chat.messages.slice(0, -1).filter(isSystem);
  const [instructions, instructionCharsLeftOut] = cutEach(
    given,
    left - Math.min(tokensOf([prompt]), Math.floor(left / 2)),
  );
  const earlier = chat.messages.slice(0, -1).filter((message) => !isSystem(message));
  left -= tokensOf(instructions);
  const [content, promptCharsLeftOut] = cutMiddle(prompt.content, left - MESSAGE_TOKENS);
  left -= tokensOf([{ ...prompt, content }]);
  const kept: Message[] = [];
  for (const message of earlier.toReversed()) {
    left -= tokensOf([message]);
    if (left < 0) break;
    kept.unshift(message);
  }
  // A conversation starts with a question: an answer without it is of no use.
  while (kept[0]?.role === "assistant") kept.shift();
  const messages = [...instructions, ...kept, { ...prompt, content }];
  return {
    chat: { ...chat, messages },
    cut: { messagesLeftOut: earlier.length - kept.length, promptCharsLeftOut, instructionCharsLeftOut },
  };
}

function isSystem({ role }: Message): boolean {
  return role === "system";
}

/** The notice for people. */
export function describeCut({ messagesLeftOut, promptCharsLeftOut, instructionCharsLeftOut }: Cut): string {
  const parts = [
    ...(messagesLeftOut > 0
      ? [messagesLeftOut === 1 ? "the oldest message" : `the ${messagesLeftOut} oldest messages`]
      : []),
    ...(promptCharsLeftOut > 0 ? [`${promptCharsLeftOut} characters from the middle of the prompt`] : []),
    ...(instructionCharsLeftOut > 0
      ? [`${instructionCharsLeftOut} characters from the middle of the instructions`]
      : []),
  ];
  return `The text is longer than the model can read. Left out: ${parts.join(", and ")}.`;
}

/** Return how many tokens the messages have at most. */
export function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + tokensAtMost(content) + MESSAGE_TOKENS, 0);
}

function tokensAtMost(text: string): number {
  return Math.ceil(encoder.encode(text).length / BYTES_A_TOKEN);
}

/** Cut messages together, each by its share. @returns them, and how many characters were left out. */
function cutEach(messages: readonly Message[], maxTokens: number): readonly [readonly Message[], number] {
  const size = tokensOf(messages);
  if (size <= maxTokens) return [messages, 0];
  const cut = messages.map((message) => {
    const share = Math.floor((tokensOf([message]) / size) * maxTokens) - MESSAGE_TOKENS;
    const [content, charsLeftOut] = cutMiddle(message.content, share);
    return { message: { ...message, content }, charsLeftOut };
  });
  return [cut.map(({ message }) => message), cut.reduce((sum, { charsLeftOut }) => sum + charsLeftOut, 0)];
}

/** Cut the middle out of a text. @returns what is left, and how many characters were left out. */
function cutMiddle(text: string, maxTokens: number): readonly [string, number] {
  if (tokensAtMost(text) <= maxTokens) return [text, 0];
  const halfBytes = Math.max(0, Math.floor((maxTokens * BYTES_A_TOKEN - GAP.length * 3) / 2));
  const head = clipBytes(text, halfBytes);
  const tail = clipBytesFront(text, halfBytes);
  return [`${head}${GAP}${tail}`, countChars(text.slice(head.length, text.length - tail.length))];
}
