import { Hono } from "hono";

import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import { body, BODY_PROBLEMS, describe, MODEL_PROBLEMS } from "../http/describe.ts";
import { refuseIdempotencyKey } from "../http/idempotent.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { embedNow } from "./embed-now.ts";
import { EmbeddingRequest } from "./requests.ts";
import { EmbeddingAnswer, TEXTS, VECTORS } from "./schema.ts";

export const embeddings = new Hono<App>();

embeddings.post(
  "/",
  describe({
    operationId: "embedTexts",
    summary: "Turn up to 100 texts into vectors that show how near their meanings are",
    description:
      "Vectors of length 1,024: the nearer two texts are in meaning, the larger is the cosine of their vectors, also across languages. " +
      "Nothing is stored. A job's own search text is embedded by its step `embed`.",
    tags: ["results"],
    request: TEXTS,
    answers: { 200: { description: "a vector for each text", schema: EmbeddingAnswer, example: VECTORS } },
    problems: [...BODY_PROBLEMS, "idempotency_unsupported", ...MODEL_PROBLEMS],
  }),
  refuseIdempotencyKey,
  limitBody,
  body(EmbeddingRequest),
  async (c) => {
    const embedded = await embedNow(c, c.req.valid("json").texts);
    if (!embedded.ok) return problem(c, embedded.problem);
    const { units, neurons, isEstimated, engine } = embedded.call;
    return c.json({
      model: EMBEDDING_MODEL,
      engine,
      embeddings: embedded.vectors.map((vector) => [...vector]),
      usage: { inputTokens: units.inputTokens ?? 0, neurons, isEstimated },
    } satisfies EmbeddingAnswer);
  },
);
