import { Hono } from "hono";
import type * as z from "zod";

import { sendMessage } from "../../shared/redrives/advance-redrives.ts";
import { readAudit } from "../../shared/db/keys/audit.ts";
import {
  type DeadLetterDetail,
  findDeadLetter,
  groupDeadLetters,
  listDeadLetters,
  readAttempts,
} from "../../shared/db/redrives/dead-letter-reads.ts";
import { discardLetter } from "../../shared/db/redrives/dead-letters.ts";
import { redriveTask, takeMessage, type TaskLetter } from "../../shared/db/redrives/letters.ts";
import { editOptions } from "../../shared/redrives/edit-options.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { JobKind } from "../../shared/kinds/index.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { pageLinks, paginate } from "../http/cursor.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { groupView, letterDetailView, letterView } from "./view.ts";
import { limitBody } from "../http/limit-body.ts";
import { type Problem, problem } from "../http/problem.ts";
import { DeadLetterQuery, DiscardRequest, RedriveOneRequest } from "./requests.ts";
import * as view from "./schema.ts";
import { DISCARDED, DISCARD_REQUEST, GROUPS, LETTER, REDRIVEN, REDRIVE_REQUEST } from "./examples.ts";

export const deadLetters = new Hono<App>();

/** List dead letters in groups, or one by one if the query asks for one group, one job or a list. */
deadLetters.get(
  "/",
  describe({
    operationId: "listDeadLetters",
    summary: "List dead letters, in groups by cause or one by one",
    description:
      "Groups have the same cause: kind of task, code and message. `view=list` shows single letters instead.",
    tags: ["operations"],
    answers: {
      200: {
        description: "a page",
        schema: view.DeadLetterPage,
        example: GROUPS,
        headers: { link: 'the next page, rel="next"' },
      },
    },
    problems: ["invalid_request"],
  }),
  query(DeadLetterQuery),
  async (c) => {
    const { cursor, limit, state, fingerprint, jobId, view: asView } = c.req.valid("query");
    const shown = asView ?? (fingerprint === undefined && jobId === undefined ? "groups" : "list");
    const asked = [
      { state, fingerprint, jobId },
      { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor },
    ] as const;
    const { origin } = new URL(c.req.url);
    if (shown === "groups") {
      const groups = await groupDeadLetters(c.env.DB, ...asked);
      const { page, nextCursor } = paginate(groups, limit, (group) => ({
        at: group.lastSeenAt,
        id: group.fingerprint,
      }));
      const answer = { groups: page.map((group) => groupView(group, origin)), nextCursor };
      return c.json(answer, 200, pageLinks(c, nextCursor));
    }
    const rows = await listDeadLetters(c.env.DB, ...asked);
    const { page, nextCursor } = paginate(rows, limit, (letter) => ({ at: letter.createdAt, id: letter.id }));
    const taskIds = page.flatMap((letter) => letter.taskId ?? []);
    const attempts = await readAttempts(c.env.DB, taskIds);
    const answer = { deadLetters: page.map((letter) => letterView(letter, attempts, origin)), nextCursor };
    return c.json(answer, 200, pageLinks(c, nextCursor));
  },
);

deadLetters.get(
  "/:id",
  describe({
    operationId: "readDeadLetter",
    summary: "Read a dead letter with every attempt",
    description: "Shows the attempts, the error, the options and the audit of one dead letter.",
    tags: ["operations"],
    answers: { 200: { description: "the letter", schema: view.DeadLetterDetail, example: LETTER } },
    problems: ["dead_letter_not_found"],
  }),
  async (c) => {
    const { letter, missing } = await find(c.env.DB, c.req.param("id"), c.get("ownerId"));
    if (letter === null) return problem(c, missing);
    const [attempts, audit] = await Promise.all([
      readAttempts(c.env.DB, letter.taskId === null ? [] : [letter.taskId]),
      readAudit(c.env.DB, c.get("ownerId"), [letter.id, ...(letter.redriveId === null ? [] : [letter.redriveId])]),
    ]);
    return c.json(letterDetailView(letter, { attempts, audit, origin: new URL(c.req.url).origin }));
  },
);

/** Redrive a dead letter: its task is tried again, with other options if the request has some, or its message is sent again. */
deadLetters.post(
  "/:id/redrive",
  describe({
    operationId: "redriveDeadLetter",
    summary: "Redrive a dead letter: try its task again, or send its message again",
    description: "The task runs again, with other `options` if the body has some. Its job continues where it failed.",
    request: REDRIVE_REQUEST,
    tags: ["operations"],
    answers: {
      202: { description: "the task or message will be tried again", schema: view.Redriven, example: REDRIVEN },
    },
    problems: [...BODY_PROBLEMS, "dead_letter_not_found", "not_redrivable", "unavailable"],
  }),
  limitBody,
  body(RedriveOneRequest, { absent: {} }),
  async (c) => {
    const { letter, missing } = await find(c.env.DB, c.req.param("id"), c.get("ownerId"));
    if (letter === null) return problem(c, missing);
    const closed = whyClosed(letter);
    if (closed !== null) return problem(c, { code: "not_redrivable", detail: closed });

    const { options, maxNeurons } = c.req.valid("json");
    const redrive = letter.taskId === null ? prepareMessage(options ?? maxNeurons) : prepareTask(letter, options);
    if (!redrive.ok) return problem(c, redrive.problem);
    const deps = { ...intakeOf(c.env), uploads: c.env.UPLOADS };
    const now = Date.now();
    const actor = actorOf(c);
    if (redrive.task === null) {
      const message = await takeMessage(deps.db, letter.id, { now, redriveId: null, actor });
      if (message === null) return problem(c, JUST_NOW);
      const isSent = await sendMessage({ ...message, id: letter.id, delaySeconds: 0 }, deps, { actor, now });
      if (!isSent)
        return problem(c, { code: "unavailable", detail: "The queue did not accept the message. Try again." });
    } else {
      const task = { ...redrive.task, scheduledAt: now, ...(maxNeurons !== undefined && { maxNeurons }) };
      const changes = await redriveTask(deps.db, task, { now, actor, options });
      if (changes.redriven.length === 0) return problem(c, JUST_NOW);
      await announce(changes, deps, now);
    }
    return c.json({ id: letter.id, jobId: letter.jobId, redriven: true } satisfies z.infer<typeof view.Redriven>, 202);
  },
);

/** Close a dead letter without another try. */
deadLetters.post(
  "/:id/discard",
  describe({
    operationId: "discardDeadLetter",
    summary: "Close a dead letter without another try",
    description: "The letter is closed with a note, and is no longer offered for a redrive. Its job stays failed.",
    request: DISCARD_REQUEST,
    tags: ["operations"],
    answers: { 200: { description: "the dead letter is closed", schema: view.Discarded, example: DISCARDED } },
    problems: [...BODY_PROBLEMS, "dead_letter_not_found", "not_discardable"],
  }),
  limitBody,
  body(DiscardRequest),
  async (c) => {
    const { letter, missing } = await find(c.env.DB, c.req.param("id"), c.get("ownerId"));
    if (letter === null) return problem(c, missing);
    if (letter.state !== "open") {
      return problem(c, { code: "not_discardable", detail: `'${letter.id}' is already ${letter.state}.` });
    }
    const isDiscarded = await discardLetter(
      c.env.DB,
      { id: letter.id, note: c.req.valid("json").note },
      actorOf(c),
      Date.now(),
    );
    if (!isDiscarded)
      return problem(c, { code: "not_discardable", detail: `'${letter.id}' was closed by another request.` });
    intakeOf(c.env).journal.record(
      {
        event: "dead_letter.discarded",
        ownerId: c.get("ownerId"),
        jobId: letter.jobId ?? undefined,
        code: letter.code,
      },
      { deadLetterId: letter.id },
    );
    return c.json({ id: letter.id, jobId: letter.jobId, discarded: true } satisfies z.infer<typeof view.Discarded>);
  },
);

async function find(db: D1Database, id: string, ownerId: string) {
  const letter = await findDeadLetter(db, { id, ownerId });
  return { letter, missing: { code: "dead_letter_not_found", detail: `There is no dead letter '${id}'.` } } as const;
}

const JUST_NOW = {
  code: "not_redrivable",
  detail: "Another request has just redriven or closed the dead letter, or stopped its job. Read it again.",
} as const;

/** Why a letter cannot be redriven on its own; null if it can. */
function whyClosed(letter: DeadLetterDetail): string | null {
  if (letter.state === "redriven") {
    const now = letter.taskState === null ? "" : `; its task is ${letter.taskState}`;
    return `'${letter.id}' has already been redriven${now}.`;
  }
  if (letter.state === "discarded") return `'${letter.id}' was discarded: ${letter.note ?? ""}`;
  if (letter.isJobStopped === 1 && letter.kind !== "deliver_webhook") {
    const how = letter.jobState === "cancelled" ? "was cancelled" : "ran out of time";
    return `The job '${letter.jobId ?? ""}' ${how}, so its other tasks have ended too. Submit the job again.`;
  }
  if (letter.redriveId !== null) {
    return `'${letter.id}' waits for its turn in the redrive '${letter.redriveId}'. Cancel that redrive first.`;
  }
  return null;
}

type Prepared =
  | { readonly ok: true; readonly task: Omit<TaskLetter, "scheduledAt"> | null }
  | { readonly ok: false; readonly problem: Problem };

function prepareMessage(edits: unknown): Prepared {
  if (edits === undefined) return { ok: true, task: null };
  const issue = {
    path: "options",
    message: "a message that could not be read has no options; redrive it without options",
  };
  return { ok: false, problem: invalid([issue]) };
}

function prepareTask(letter: DeadLetterDetail, options: Readonly<Record<string, unknown>> | undefined): Prepared {
  const task = { id: letter.id, taskId: letter.taskId ?? "" };
  if (options === undefined) return { ok: true, task };
  const failed = { args: letter.args ?? "{}", jobKind: letter.jobKind as JobKind, jobInput: letter.jobInput ?? "{}" };
  const edited = editOptions(failed, options);
  if (!edited.ok) return { ok: false, problem: invalid(edited.issues) };
  const { args, input } = edited;
  return { ok: true, task: { ...task, args, ...(input !== undefined && { input }) } };
}

function invalid(issues: readonly { path: string; message: string }[]): Problem {
  return {
    code: "invalid_request",
    detail: issues.map(({ path, message }) => `${path}: ${message}`).join("; "),
    issues,
  };
}
