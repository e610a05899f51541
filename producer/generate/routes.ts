import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { invalidField } from "../jobs/asked.ts";
import { priced } from "../jobs/priced.ts";
import { JobDryRun } from "../usage/schema.ts";
import { askInEvents, askWhole, wantsWhole } from "./ask-model.ts";
import { finishReasonOf, ownEvents, usageOf } from "./own-events.ts";
import { estimateAnswer, planAnswer } from "./plan-answer.ts";
import { GenerateRequest } from "./requests.ts";
import { GenerateAnswer, GenerateEvent, type GenerateStart } from "./schema.ts";

export const generate = new Hono<App>();

const PLAN_PROBLEMS = [...BODY_PROBLEMS, "impossible_latency_budget", "max_neurons_reached"] as const;

const summary = "Generate a text";
const description =
  `${summary}. The answer comes as server-sent events, which are the same for every model: \`start\`, then \`data: {"text"}\` token by ` +
  "token, `usage` and `done`; if the model breaks off, `error` with a problem. The model stops when the client goes away. The stream has no " +
  "ids: it cannot be resumed, and a text that broke off must be asked for again. With `Accept: application/json` it comes whole, as JSON.";

generate.post(
  "/",
  describe({
    operationId: "generateText",
    summary,
    description,
    tags: ["generate"],
    parameters: [{ in: "header", name: "Accept", schema: { type: "string" } }],
    answers: { 200: { description: "the text", schema: GenerateAnswer, events: GenerateEvent } },
    problems: [...PLAN_PROBLEMS, "model_refused", "daily_allocation_used", "budget_used", "model_unavailable"],
  }),
  limitBody,
  body(GenerateRequest),
  async (c) => {
    const request = c.req.valid("json");
    const isWhole = wantsWhole(c.req.header("accept"));
    if (request.jsonSchema !== undefined) return problem(c, NOT_STREAMED);
    const planned = await planAnswer(request, c.env);
    if (!planned.ok) return problem(c, planned.problem);
    const { choice, models, chat, cut } = planned.plan;
    const asked = { models, chat, usedFor: "generate" } as const;
    if (!isWhole) {
      const started = await askInEvents(c, asked, (model) => ownEvents({ model, choice, cut } satisfies GenerateStart));
      return started.ok ? started.response : problem(c, started.problem);
    }
    const answered = await askWhole(c, asked);
    if (!answered.ok) return problem(c, answered.problem);
    const { text, isCut, calls } = answered.answer;
    c.executionCtx.waitUntil(answered.settle(calls));
    const call = calls.at(-1);
    if (call === undefined) throw new Error("an answer without a call");
    const { model } = answered;
    const finishReason = finishReasonOf(isCut);
    return c.json({ text, finishReason, model, choice, cut, usage: usageOf(call) } satisfies GenerateAnswer);
  },
);

generate.post(
  "/estimate",
  describe({
    operationId: "estimateText",
    summary: "Estimate what a generated text would cost at most",
    tags: ["generate"],
    answers: { 200: { description: "the cost of an answer of `maxTokens` tokens", schema: JobDryRun } },
    problems: [...PLAN_PROBLEMS],
  }),
  limitBody,
  body(GenerateRequest),
  async (c) => {
    const planned = await planAnswer(c.req.valid("json"), c.env);
    return planned.ok ? priced(c, { ok: true, estimate: estimateAnswer(planned.plan) }) : problem(c, planned.problem);
  },
);

const NOT_STREAMED = invalidField(
  "jsonSchema",
  "an answer that must fit a schema is checked as a whole, so it is not streamed; send 'Accept: application/json'",
);
