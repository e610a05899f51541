import { type Context, Hono } from "hono";

import { aiOf } from "../../shared/models/ai-of.ts";
import { type ModelCall, neuronsOf, sentCall } from "../../shared/models/model-call.ts";
import { modelRunner } from "../../shared/models/run-model.ts";
import { write, type Written } from "../../shared/models/writer.ts";
import { readWholeJob } from "../../shared/archive/whole.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { ANSWER_TOKENS } from "../../shared/models/prompts.ts";
import type { App } from "../http/app.ts";
import { answerStream } from "./answer-stream.ts";
import { type Asked, askInTurn, textModelsFrom, type Turns } from "./ask-in-turn.ts";
import { type OpenAnswer, openAnswer } from "./open-answer.ts";
import { type Question, questionOf } from "./question.ts";
import { readLines } from "./read-lines.ts";
import { body, BODY_PROBLEMS, describe } from "../http/describe.ts";
import { reservePaidCall } from "../usage/paid-call.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { AskRequest } from "./requests.ts";
import { AskAnswer, AskEvent, type AskStart } from "./schema.ts";

export const ask = new Hono<App>();

const summary = "Ask about a job's transcript or text";
const description =
  `${summary}. The answer comes as server-sent events, which are the same for every model: \`start\`, then \`data: {"text"}\` token by ` +
  "token, `usage` and `done`; if the model breaks off, `error` with a problem. The answer ends when the client goes away. With `Accept: application/json` it comes whole, as JSON.";

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
    const detail = await readWholeJob(intakeOf(c.env), { id, ownerId: c.get("ownerId") });
    if (detail === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    const about = await readLines(detail, intakeOf(c.env));
    if ("code" in about) return problem(c, about);
    const question = questionOf(c.req.valid("json"), about);
    return wantsWhole(c.req.header("accept")) ? answerWhole(c, question) : answerInTokens(c, id, question);
  },
);

function wantsWhole(accept = ""): boolean {
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

async function answerInTokens(c: Context<App>, jobId: string, question: Question): Promise<Response> {
  const stopping = stoppedWith(c.req.raw.signal);
  const ai = aiOf(c.env);
  const answered = await askInTurn(textModelsFrom(question.model, c.env.MODEL_FALLBACKS), {
    ...turnsOf(c, question),
    ask(model, { isLast }): Promise<Asked<OpenAnswer>> {
      return openAnswer(ai, { ...question, model, rejectsIfBusy: !isLast }, stopping);
    },
  });
  if (!answered.ok) return problem(c, answered.problem);
  const { answer, model, settle } = answered;
  const ended = Promise.withResolvers<unknown>();
  c.executionCtx.waitUntil(ended.promise.then((failedWith) => settle([answer.call()], failedWith)));
  const start: AskStart = { jobId, model, covers: question.covers };
  return c.body(answerStream(answer, { start, stopping, onEnd: ended.resolve }), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // No proxy may hold the stream back to compress it.
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

async function answerWhole(c: Context<App>, question: Question): Promise<Response> {
  const { messages, covers } = question;
  const { signal } = stoppedWith(c.req.raw.signal);
  const ai = aiOf(c.env);
  const answered = await askInTurn(textModelsFrom(question.model, c.env.MODEL_FALLBACKS), {
    ...turnsOf(c, question),
    async ask(model, { isLast }): Promise<Asked<Written & { readonly calls: readonly ModelCall[] }>> {
      const calls: ModelCall[] = [];
      const models = modelRunner(ai, calls, signal, { waitsIfBusy: isLast });
      try {
        return { ok: true, answer: { ...(await write(models, model, { messages, maxTokens: ANSWER_TOKENS })), calls } };
      } catch (error) {
        return { ok: false, error, calls };
      }
    },
  });
  if (!answered.ok) return problem(c, answered.problem);
  const { text, model, engine, calls } = answered.answer;
  c.executionCtx.waitUntil(answered.settle(calls));
  return c.json({ answer: text, model, engine, neurons: neuronsOf(calls) ?? 0, covers } satisfies AskAnswer);
}

function turnsOf(c: Context<App>, { expected }: Question): Pick<Turns<unknown>, "reserve" | "finish"> {
  const intake = intakeOf(c.env);
  const asked = { ownerId: c.get("ownerId"), kind: "ask" } as const;
  return {
    reserve: (model) => reservePaidCall({ ...asked, expected: sentCall(model, expected) }, intake),
    finish: (settled) => c.executionCtx.waitUntil(settled),
  };
}

/** A controller that is aborted when the client goes away. Other code may abort it too. */
function stoppedWith(gone: AbortSignal): AbortController {
  const stopping = new AbortController();
  gone.addEventListener("abort", () => stopping.abort(gone.reason));
  return stopping;
}
