// Embeds texts within a request. What it may cost is set aside before, and accounted for after.
import type { Context } from "hono";

import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import { type EmbeddedTexts, embeddingUnits, embedTexts } from "../../shared/search/embed-texts.ts";
import { askEach } from "../generate/ask-model.ts";
import type { App } from "../http/app.ts";
import type { Problem } from "../http/problem.ts";

/** A client waits for the vectors, and the model takes a second for a full call. */
const MODEL_TIMEOUT_MS = 60_000;

export type EmbeddedNow = ({ readonly ok: true } & EmbeddedTexts) | { readonly ok: false; readonly problem: Problem };

/** Embed the texts of one call, 100 at most. No model stands in: vectors of another model cannot be compared with these. */
export async function embedNow(c: Context<App>, texts: readonly string[]): Promise<EmbeddedNow> {
  const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(MODEL_TIMEOUT_MS)]);
  const asked = { models: [EMBEDDING_MODEL], usedFor: "embed", expected: embeddingUnits(texts), signal } as const;
  const answered = await askEach(c, asked, (models) => embedTexts(models, texts));
  if (!answered.ok) return answered;
  const { vectors, call, calls } = answered.answer;
  c.set("hasPaid", true);
  c.executionCtx.waitUntil(answered.settle(calls));
  return { ok: true, vectors, call };
}
