import { Hono } from "hono";

import { EMBEDDING_DIMENSIONS, TEXTS_A_CALL } from "../../shared/search/embed-texts.ts";
import { embedNow } from "../embeddings/embed-now.ts";
import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { expectJson } from "../http/expect-body.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { parseBody } from "../http/validate.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { listBody } from "./embedding-list.ts";
import { EmbeddingRequest } from "./embedding-request.ts";
import { EMBEDDING_REQUEST } from "./examples.ts";
import { ignoreGiven, refuseUnmet, unmet } from "./ignored.ts";
import { modelOf } from "./resolve-model.ts";

export const embeddings = new Hono<App>();

embeddings.post(
  "/",
  describe(DESCRIPTIONS.createEmbedding),
  expectJson(() => EMBEDDING_REQUEST),
  limitBody,
  async (c) => {
    const request = await parseBody(c, EmbeddingRequest);
    if (!request.ok) return request.response;
    const { model: name, input: texts, encoding_format, dimensions, user } = request.value;
    const named = modelOf(c, { name, task: "embedding" });
    if (!named.ok) return named.response;
    if (texts === null) {
      // LangChain for Python sends such lists unless it is told `check_embedding_ctx_length=False`.
      const reason = "tokens of OpenAI's models mean nothing to the model here. Send the texts themselves.";
      return unmet(c, { param: "input", value: "a list of tokens", reason });
    }
    ignoreGiven(c, { user });
    const refused = refuseUnmet(c, request.value, {
      dimensions:
        dimensions === EMBEDDING_DIMENSIONS
          ? null
          : `the model's vectors have ${EMBEDDING_DIMENSIONS} dimensions. Leave it out.`,
    });
    if (refused !== null) return refused;

    const vectors: Float32Array[] = [];
    let tokens = 0;
    for (let start = 0; start < texts.length; start += TEXTS_A_CALL) {
      const embedded = await embedNow(c, texts.slice(start, start + TEXTS_A_CALL));
      if (!embedded.ok) return problem(c, embedded.problem);
      vectors.push(...embedded.vectors);
      tokens += embedded.call.units.inputTokens ?? 0;
    }
    const isBase64 = encoding_format === "base64";
    return c.body(listBody({ model: name, vectors, isBase64, tokens }), 200, { "content-type": "application/json" });
  },
);
