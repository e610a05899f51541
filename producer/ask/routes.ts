import { Hono } from "hono";

import { neuronsOf } from "../../shared/models/model-call.ts";
import { readWholeJob } from "../../shared/archive/whole.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { askInEvents, askWhole, wantsWhole } from "../generate/ask-model.ts";
import { textModelsFrom } from "../generate/ask-in-turn.ts";
import { ownEvents } from "../generate/own-events.ts";
import type { App } from "../http/app.ts";
import { questionOf } from "./question.ts";
import { readLines } from "./read-lines.ts";
import { body, BODY_PROBLEMS, describe, MODEL_PROBLEMS } from "../http/describe.ts";
import { refuseIdempotencyKey } from "../http/idempotent.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { AskRequest, AskAnswer, AskEvent, type AskStart, ANSWER, ANSWER_EVENT, QUESTION } from "./schema.ts";

export const ask = new Hono<App>();

const summary = "Ask about a job's transcript or text";
const description =
  `${summary}. The answer comes as server-sent events, which are the same for every model: \`start\`, then \`data: {"text"}\` token by ` +
  "token, `usage` and `done`; if the model breaks off, `error` with a problem. The model stops when the client disconnects. With `Accept: application/json` the answer comes in one piece, as JSON.";

ask.post(
  "/:id/ask",
  describe({
    operationId: "askJob",
    summary,
    description,
    request: QUESTION,
    tags: ["results"],
    parameters: [{ in: "header", name: "Accept", schema: { type: "string" } }],
    answers: {
      200: {
        description: "the answer",
        schema: AskAnswer,
        example: ANSWER,
        events: AskEvent,
        eventExample: ANSWER_EVENT,
      },
    },
    problems: [
      ...BODY_PROBLEMS,
      "idempotency_unsupported",
      "job_not_found",
      "job_unfinished",
      "job_failed",
      "job_cancelled",
      "job_without_text",
      ...MODEL_PROBLEMS,
    ],
  }),
  refuseIdempotencyKey,
  limitBody,
  body(AskRequest),
  async (c) => {
    const id = c.req.param("id");
    const detail = await readWholeJob(intakeOf(c.env), { id, ownerId: c.get("ownerId") });
    if (detail === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    const about = await readLines(detail, intakeOf(c.env));
    if ("code" in about) return problem(c, about);
    const { model, chat, covers } = questionOf(c.req.valid("json"), about);
    const asked = { models: textModelsFrom(model, c.env.MODEL_FALLBACKS), chat, usedFor: "ask" } as const;
    if (!wantsWhole(c.req.header("accept"))) {
      const started = await askInEvents(c, asked, (answering) =>
        ownEvents({ jobId: id, model: answering, covers } satisfies AskStart),
      );
      return started.ok ? started.response : problem(c, started.problem);
    }
    const answered = await askWhole(c, asked);
    if (!answered.ok) return problem(c, answered.problem);
    const { text, engine, calls } = answered.answer;
    c.executionCtx.waitUntil(answered.settle(calls));
    const neurons = neuronsOf(calls) ?? 0;
    return c.json({ answer: text, model: answered.model, engine, neurons, covers } satisfies AskAnswer);
  },
);
