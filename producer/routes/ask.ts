import { type Context, Hono } from "hono";

import { aiOf } from "../../shared/ai/ai-of.ts";
import { type ModelCall, neuronsOf } from "../../shared/ai/model-call.ts";
import { modelRunner } from "../../shared/ai/run-model.ts";
import { write } from "../../shared/ai/writer.ts";
import { readJob } from "../../shared/db/job-reads.ts";
import { addDirectUsage } from "../../shared/db/usage.ts";
import { intakeOf } from "../../shared/intake.ts";
import { createJournal } from "../../shared/journal.ts";
import { ANSWER_TOKENS } from "../../shared/prompts.ts";
import type { App } from "../app.ts";
import { answerStream } from "../ask/answer-stream.ts";
import { modelProblem } from "../ask/model-problem.ts";
import { openAnswer } from "../ask/open-answer.ts";
import { type Question, questionOf } from "../ask/question.ts";
import { readLines } from "../ask/read-lines.ts";
import { body, BODY_PROBLEMS, describe } from "../describe.ts";
import { limitBody } from "../limit-body.ts";
import { problem } from "../problem.ts";
import { AskRequest } from "../requests.ts";
import { AskAnswer, type AskStart } from "../views/ask.ts";

export const ask = new Hono<App>();

const summary = "Ask about a job's transcript or text";
const description =
  `${summary}: the answer as server-sent events, an event \`start\` first and then the model's own, token by token. ` +
  "A client that goes away ends it. With `Accept: application/json` the whole answer at once.";

ask.post(
  "/:id/ask",
  describe({
    operationId: "askJob",
    summary,
    description,
    tags: ["results"],
    parameters: [{ in: "header", name: "Accept", schema: { type: "string" } }],
    answers: { 200: { description: "the answer", schema: AskAnswer, media: ["text/event-stream"] } },
    problems: [
      ...BODY_PROBLEMS,
      "job_not_found",
      "job_unfinished",
      "job_failed",
      "job_cancelled",
      "job_without_text",
      "model_refused",
      "daily_allocation_used",
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
    // Budgets: here a call that is expected to consume `question.expected` is to be reserved, and `account` settles it.
    return wantsWhole(c.req.header("accept")) ? answerWhole(c, question) : answerInTokens(c, id, question);
  },
);

function wantsWhole(accept = ""): boolean {
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

async function answerInTokens(c: Context<App>, jobId: string, question: Question): Promise<Response> {
  const stopping = stoppedWith(c.req.raw.signal);
  const opened = await openAnswer(aiOf(c.env), question, stopping);
  if (!opened.ok) {
    c.executionCtx.waitUntil(account(c, [opened.call]));
    return problem(c, modelProblem(opened.message, Date.now()));
  }
  const { answer } = opened;
  const ended = Promise.withResolvers<void>();
  c.executionCtx.waitUntil(ended.promise.then(() => account(c, [answer.meter.call()])));
  const start: AskStart = { jobId, model: question.model, covers: question.covers };
  return c.body(answerStream(answer, { start, stopping, onEnd: ended.resolve }), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // Nobody between may hold it back to compress it.
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

async function answerWhole(c: Context<App>, { model, messages, covers }: Question): Promise<Response> {
  const calls: ModelCall[] = [];
  const models = modelRunner(aiOf(c.env), calls, stoppedWith(c.req.raw.signal).signal);
  try {
    const { text, engine } = await write(models, model, { messages, maxTokens: ANSWER_TOKENS });
    return c.json({ answer: text, model, engine, neurons: neuronsOf(calls) ?? 0, covers } satisfies AskAnswer);
  } catch (error) {
    return problem(c, modelProblem(error instanceof Error ? error.message : String(error), Date.now()));
  } finally {
    c.executionCtx.waitUntil(account(c, calls));
  }
}

/** Aborted when the client goes away; by others too, who may have their own reasons. */
function stoppedWith(gone: AbortSignal): AbortController {
  const stopping = new AbortController();
  gone.addEventListener("abort", () => stopping.abort(gone.reason));
  return stopping;
}

async function account(c: Context<App>, calls: readonly ModelCall[]): Promise<void> {
  const ownerId = c.get("ownerId");
  await addDirectUsage(c.env.DB, { ownerId, kind: "ask", calls, at: Date.now() }).catch((error: unknown) => {
    createJournal(c.env.EVENTS).fault({ event: "ask.unaccounted", ownerId }, error, { calls: calls.length });
  });
}
