// Answers in the chat models' shapes, made of sentences that the text already contains. It writes no sentences of its own.
import * as z from "zod";

import { TEXT_MODELS, type Units } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";
import { invalidInput } from "../inference-error.ts";
import { type LocalModel, parseInputs } from "../model.ts";
import { schemaAsked } from "../../../shared/models/prompts.ts";
import { findAnswer, summarise } from "./extract.ts";
import { fillSchema } from "./fill-schema.ts";
import { type Message, readRequest } from "./request.ts";
import { asProse, readSentences } from "./sentences.ts";
import { contentStems, countTokens, toTokens } from "./words.ts";

export const TEXT_ENGINE = "extractive/wink-stems";

// Sampling options are accepted without effect: the same prompt has the same answer.
const Input = z.object({
  messages: z
    .array(z.object({ role: z.string(), content: z.string() }))
    .min(1)
    .optional(),
  prompt: z.string().min(1).optional(),
  max_tokens: z.int().min(1).default(256),
  temperature: z.number().min(0).max(5).optional(),
  stream: z.boolean().default(false),
  response_format: z.object({ type: z.string().optional(), json_schema: z.unknown().optional() }).optional(),
});

/** The answer to a prompt without a text. */
const ABOUT =
  "This is Darkroom's offline engine. It cannot write new text. It quotes sentences from a text that comes before the request, so give a text first and then a question about it, or the word 'summarise', as the last paragraph.";

/** Every chat model. All of them use the same engine. */
export const textModels: Readonly<Record<string, LocalModel>> = {
  // The catalogue prefers granite and does not list this model, so its price is here (from the same price list).
  "@cf/meta/llama-3.2-1b-instruct": textModel(
    ({ inputTokens = 0, outputTokens = 0 }) => (2457 * inputTokens + 18_252 * outputTokens) / 1_000_000,
  ),
  ...Object.fromEntries(
    Object.values(TEXT_MODELS).map((name) => [name, textModel((units) => neuronsFor(name, units))]),
  ),
};

/** Synchronous: it takes half a second of the server's own thread for a talk of three hours, a millisecond for a page. */
function textModel(neuronsOf: (units: Units) => number): LocalModel {
  return async ({ inputs }) => {
    const { messages, prompt, max_tokens, stream, response_format } = parseInputs(Input, inputs);
    const chat = messages ?? (prompt === undefined ? [] : [{ role: "user", content: prompt }]);
    if (chat.length === 0) throw invalidInput("Error: required properties at '/' are 'prompt' or 'messages'");
    const inputTokens = chat.reduce((sum, { content }) => sum + countTokens(content), 0);
    const asked = response_format?.json_schema ?? parsedJson(schemaAsked(chat));
    const json = asked === undefined ? undefined : jsonFor(asked, chat);
    const all = toTokens(json === undefined ? answerTo(chat) : JSON.stringify(json));
    const tokens = all.slice(0, max_tokens);
    const neurons = (outputTokens: number) => neuronsOf({ inputTokens, outputTokens });
    const usage = {
      prompt_tokens: inputTokens,
      completion_tokens: tokens.length,
      total_tokens: inputTokens + tokens.length,
    };
    if (stream) return { tokens, usage, neurons, engine: TEXT_ENGINE };
    // In JSON mode the platform answers the JSON itself.
    const isObject = response_format !== undefined && json !== undefined && all.length <= max_tokens;
    return {
      body: { response: isObject ? json : tokens.join(""), usage },
      neurons: neurons(tokens.length),
      engine: TEXT_ENGINE,
    };
  };
}

function answerTo(chat: readonly Message[]): string {
  const { material, request, summary } = readRequest(chat);
  const sentences = readSentences(material);
  if (sentences.length === 0) return ABOUT;
  // A summary is written as prose. An answer quotes, and keeps the time stamps.
  if (summary !== null) return asProse(summarise(sentences, summary.sentences));
  const found = findAnswer(sentences, contentStems(request));
  if (found.length === 0) return "The text does not say anything about that.";
  const isStamped = found.some(({ stamp }) => stamp !== null);
  if (!isStamped) return asProse(found);
  return found.map(({ stamp, text }) => (stamp === null ? text : `${stamp} ${text}`)).join("\n");
}

/** Fill the schema from the text, or from the request if there is no text: with the sentences that answer it first. */
function jsonFor(schema: unknown, chat: readonly Message[]): unknown {
  const { material, request } = readRequest(chat);
  const text = material.trim() === "" ? request : material;
  const sentences = readSentences(text);
  const found = findAnswer(sentences, contentStems(request));
  const ordered = [...new Set([...found, ...sentences])].map((sentence) => sentence.text);
  return fillSchema(schema, { text, sentences: ordered });
}

function parsedJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
