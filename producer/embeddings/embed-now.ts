// Embeds texts within a request. What it may cost is set aside before, and accounted for after.
import type { Context } from "hono";

import { aiOf } from "../../shared/models/ai-of.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import { type AnsweredCall, modelRunner } from "../../shared/models/run-model.ts";
import { embeddingUnits, embedTexts } from "../../shared/search/embed-texts.ts";
import { type Asked, askInTurn } from "../generate/ask-in-turn.ts";
import { turnsOf } from "../generate/ask-model.ts";
import type { App } from "../http/app.ts";
import type { Problem } from "../http/problem.ts";

/** Somebody waits for the vectors, and the model takes a second for a full call. */
const MODEL_TIMEOUT_MS = 60_000;

interface Embedded {
  readonly vectors: readonly Float32Array[];
  readonly call: AnsweredCall;
  readonly calls: readonly ModelCall[];
}

export type EmbeddedNow =
  | ({ readonly ok: true } & Pick<Embedded, "vectors" | "call">)
  | { readonly ok: false; readonly problem: Problem };

/** Embed the texts of one call, 100 at most. No model stands in: vectors of another model cannot be compared with these. */
export async function embedNow(c: Context<App>, texts: readonly string[]): Promise<EmbeddedNow> {
  const answered = await askInTurn<Embedded>([EMBEDDING_MODEL], {
    ...turnsOf(c, { expected: embeddingUnits(texts), usedFor: "embed" }),
    async ask(): Promise<Asked<Embedded>> {
      const calls: ModelCall[] = [];
      const ended = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(MODEL_TIMEOUT_MS)]);
      try {
        const models = modelRunner(aiOf(c.env), calls, ended, { waitsIfBusy: true });
        return { ok: true, answer: { ...(await embedTexts(models, texts)), calls } };
      } catch (error) {
        return { ok: false, error, calls };
      }
    },
  });
  if (!answered.ok) return answered;
  const { vectors, call, calls } = answered.answer;
  c.set("hasPaid", true);
  c.executionCtx.waitUntil(answered.settle(calls));
  return { ok: true, vectors, call };
}
