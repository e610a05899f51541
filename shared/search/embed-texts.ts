import * as z from "zod";

import { type AnsweredCall, type ModelRunner, parseAnswer } from "../models/run-model.ts";
import { EMBEDDING_MODEL, type Units } from "../models/models.ts";
import { tokensOf } from "../cost/neurons.ts";

/** The most texts that the model takes in a call (developers.cloudflare.com/workers-ai/models/bge-m3, read 2026-11-23). */
export const TEXTS_A_CALL = 100;

/** The length of its vectors (same page). */
export const EMBEDDING_DIMENSIONS = 1024;

/** What it reads of a text (same page, "Context Window"). It refuses a longer one, because nothing is cut here without being said. */
export const CONTEXT_TOKENS = 60_000;

/** The densest scripts take three bytes of UTF-8 a token, so no text of this size has more tokens. */
export const CONTEXT_BYTES = CONTEXT_TOKENS * 3;

const Embedding = z.array(z.number()).min(1);

/** The vectors are in `data`. The page also lists `response`, and requires neither. */
const EmbeddingAnswer = (count: number) => {
  const vectors = z.array(Embedding).length(count);
  return z.union([
    z.object({ data: vectors }),
    z.object({ response: vectors }).transform(({ response: data }) => ({ data })),
  ]);
};

/** Return what embedding these texts consumes. */
export function embeddingUnits(texts: readonly string[]): Units {
  return { inputTokens: texts.reduce((sum, text) => sum + tokensOf(text), 0) };
}

export interface EmbeddedTexts {
  readonly vectors: readonly Float32Array[];
  readonly call: AnsweredCall;
}

/**
 * Return the vector of each text, with one call.
 * @throws ModelError
 */
export async function embedTexts(models: ModelRunner, texts: readonly string[]): Promise<EmbeddedTexts> {
  const answer = await models.run(EMBEDDING_MODEL, { text: texts }, embeddingUnits(texts));
  const { data } = parseAnswer(answer, EmbeddingAnswer(texts.length));
  return { vectors: data.map((vector) => Float32Array.from(vector)), call: answer.call };
}
