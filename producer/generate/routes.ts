import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { body, BODY_PROBLEMS, describe, MODEL_PROBLEMS } from "../http/describe.ts";
import { refuseIdempotencyKey } from "../http/idempotent.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { priced } from "../jobs/priced.ts";
import { JobDryRun } from "../usage/schema.ts";
import { askInEvents, askWhole, wantsWhole } from "./ask-model.ts";
import { askJson, askJsonInEvents, sumOf } from "./ask-json.ts";
import { GENERATED, GENERATED_EVENT, TEXT_ESTIMATE, TEXT_REQUEST } from "./examples.ts";
import { finishReasonOf, ownEvents, usageOf } from "./own-events.ts";
import { estimateAnswer, planAnswer } from "./plan-answer.ts";
import { GenerateRequest, GenerateAnswer, GenerateEvent, type GenerateStart } from "./schema.ts";

export const generate = new Hono<App>();

const PLAN_PROBLEMS = [...BODY_PROBLEMS, "impossible_latency_budget", "max_neurons_reached"] as const;

const summary = "Generate a text";
const description =
  `${summary}. The answer comes as server-sent events, which are the same for every model: \`start\`, then \`data: {"text"}\` token by ` +
  "token, `usage` and `done`; if the model breaks off, `error` with a problem. The model stops when the client disconnects. The stream has no " +
  "ids: it cannot be resumed, and a text that broke off must be requested again. With `Accept: application/json` the text comes in one piece, as JSON. With `jsonSchema` the stream has comments until the text fits, and then the whole text in one event.";

generate.post(
  "/",
  describe({
    operationId: "generateText",
    summary,
    description,
    tags: ["generate"],
    request: TEXT_REQUEST,
    parameters: [{ in: "header", name: "Accept", schema: { type: "string" } }],
    answers: {
      200: {
        description: "the text",
        schema: GenerateAnswer,
        example: GENERATED,
        events: GenerateEvent,
        eventExample: GENERATED_EVENT,
      },
    },
    problems: [...PLAN_PROBLEMS, "idempotency_unsupported", ...MODEL_PROBLEMS],
  }),
  refuseIdempotencyKey,
  limitBody,
  body(GenerateRequest),
  async (c) => {
    const request = c.req.valid("json");
    const planned = await planAnswer(request, c.env);
    if (!planned.ok) return problem(c, planned.problem);
    const { choice, models, chat, cut } = planned.plan;
    const asked = { models, chat, usedFor: "generate", maxNeurons: request.maxNeurons } as const;
    const json = request.jsonSchema && { ...asked, schema: request.jsonSchema };
    if (!wantsWhole(c.req.header("accept"))) {
      const events = (model: string) => ownEvents({ model, choice, cut } satisfies GenerateStart);
      const started = await (json ? askJsonInEvents(c, json, events) : askInEvents(c, asked, events));
      return started.ok ? started.response : problem(c, started.problem);
    }
    const answered = await (json ? askJson(c, json) : askWhole(c, asked));
    if (!answered.ok) return problem(c, answered.problem);
    const { model, answer, settle } = answered;
    const { text, isCut, calls } = answer;
    c.executionCtx.waitUntil(settle(calls));
    const finishReason = finishReasonOf(isCut);
    const usage = usageOf(sumOf(calls));
    return c.json({ text, finishReason, model, choice, cut, usage } satisfies GenerateAnswer);
  },
);

generate.post(
  "/estimate",
  describe({
    operationId: "estimateText",
    summary: "Estimate what a generated text would cost at most",
    description: "Takes the body of `POST /v1/generate` and chooses the model in the same way, but does not ask it.",
    tags: ["generate"],
    request: TEXT_REQUEST,
    answers: {
      200: { description: "the cost of an answer of `maxTokens` tokens", schema: JobDryRun, example: TEXT_ESTIMATE },
    },
    problems: [...PLAN_PROBLEMS],
  }),
  limitBody,
  body(GenerateRequest),
  async (c) => {
    const planned = await planAnswer(c.req.valid("json"), c.env);
    return planned.ok ? priced(c, { ok: true, estimate: estimateAnswer(planned.plan) }) : problem(c, planned.problem);
  },
);
