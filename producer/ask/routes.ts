import { type Context, Hono } from "hono";

import { aiOf } from "../../shared/models/ai-of.ts";
import { type ModelCall, neuronsOf, sentCall } from "../../shared/models/model-call.ts";
import { modelRunner } from "../../shared/models/run-model.ts";
import { write } from "../../shared/models/writer.ts";
import { readJob } from "../../shared/db/jobs/reads.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { ANSWER_TOKENS } from "../../shared/models/prompts.ts";
import type { App } from "../http/app.ts";
import { answerStream } from "./answer-stream.ts";
import { modelProblem } from "./model-problem.ts";
import { openAnswer } from "./open-answer.ts";
import { type Question, questionOf } from "./question.ts";
import { readLines } from "./read-lines.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { reservePaidCall, type SettlePaidCall } from "../usage/paid-call.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { AskRequest } from "./requests.ts";
import { AskAnswer, AskEvent, type AskStart } from "./schema.ts";

export const ask = new Hono<App>();

const summary = "Ask about a job's transcript or text";
const description =
  `${summary}: the answer as server-sent events, the same for every model: \`start\`, then \`data: {"text"}\` token by ` +
  "token, `usage` and `done`; `error`, with a problem, if the model breaks off. A client that goes away ends it. With `Accept: application/json` the whole answer at once.";

ask.post(
  "/:id/ask",
  describe({
    operationId: "askJob",
    summary,
    description,
    tags: ["results"],
    parameters: [{ in: "header", name: "Accept", schema: { type: "string" } }],
    answers: { 200: { description: "the answer", schema: AskAnswer, events: AskEvent } },
    problems: [
      ...BODY_PROBLEMS,
      "job_not_found",
      "job_unfinished",
      "job_failed",
      "job_cancelled",
      "job_without_text",
      "model_refused",
      "daily_allocation_used",
      "budget_used",
      "model_unavailable",
    ],
  }),
  limitBody,
  body(AskRequest),
  async (c) => {
    const id = c.req.param("id");
    const detail = await readJob(c.env.DB, { id, ownerId: c.get("ownerId") });
    if (detail === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    const about = await readLines(detail, intakeOf(c.env));
    if ("code" in about) return problem(c, about);
    const question = questionOf(c.req.valid("json"), about);
    const { db, tasks, ringGraceMs, journal } = intakeOf(c.env);
    const asked = {
      ownerId: c.get("ownerId"),
      kind: "ask",
      expected: sentCall(question.model, question.expected),
    } as const;
    const paid = await reservePaidCall(asked, { db, tasks, ringGraceMs, journal });
    if (!paid.ok) return problem(c, paid.problem);
    return wantsWhole(c.req.header("accept"))
      ? answerWhole(c, question, paid.settle)
      : answerInTokens(c, id, question, paid.settle);
  },
);

function wantsWhole(accept = ""): boolean {
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

async function answerInTokens(
  c: Context<App>,
  jobId: string,
  question: Question,
  settle: SettlePaidCall,
): Promise<Response> {
  const stopping = stoppedWith(c.req.raw.signal);
  const opened = await openAnswer(aiOf(c.env), question, stopping);
  if (!opened.ok) return answerFailed(c, opened.error, settle([opened.call], opened.error));
  const { answer } = opened;
  const ended = Promise.withResolvers<unknown>();
  c.executionCtx.waitUntil(ended.promise.then((failedWith) => settle([answer.call()], failedWith)));
  const start: AskStart = { jobId, model: question.model, covers: question.covers };
  return c.body(answerStream(answer, { start, stopping, onEnd: ended.resolve }), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // Nobody between may hold it back to compress it.
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

async function answerWhole(
  c: Context<App>,
  { model, messages, covers }: Question,
  settle: SettlePaidCall,
): Promise<Response> {
  const calls: ModelCall[] = [];
  const models = modelRunner(aiOf(c.env), calls, stoppedWith(c.req.raw.signal).signal, { waitsIfBusy: true });
  try {
    const { text, engine } = await write(models, model, { messages, maxTokens: ANSWER_TOKENS });
    c.executionCtx.waitUntil(settle(calls));
    return c.json({ answer: text, model, engine, neurons: neuronsOf(calls) ?? 0, covers } satisfies AskAnswer);
  } catch (error) {
    return answerFailed(c, error, settle(calls, error));
  }
}

/** Settled first: a client that is told of the account's hold, and asks again, is not to reach the model once more. */
async function answerFailed(c: Context<App>, error: unknown, settled: Promise<void>): Promise<Response> {
  c.executionCtx.waitUntil(settled);
  await settled;
  return problem(c, modelProblem(error, Date.now()));
}

/** Aborted when the client goes away; by others too, who may have their own reasons. */
function stoppedWith(gone: AbortSignal): AbortController {
  const stopping = new AbortController();
  gone.addEventListener("abort", () => stopping.abort(gone.reason));
  return stopping;
}
