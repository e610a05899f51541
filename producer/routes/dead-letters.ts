import { Hono } from "hono";

import {
  type DeadLetter,
  findDeadLetter,
  listDeadLetters,
  markRedriven,
  readAttempts,
  redriveTask,
} from "../../shared/db/dead-letters.ts";
import { wake } from "../../shared/wake.ts";
import { intakeOf } from "../../shared/intake.ts";
import type { App } from "../app.ts";
import { paginate } from "../cursor.ts";
import { attemptView, iso } from "../job-view.ts";
import { problem } from "../problem.ts";
import { PageQuery } from "../requests.ts";
import { parseQuery } from "../validate.ts";

export const deadLetters = new Hono<App>();

deadLetters.get("/", async (c) => {
  const query = parseQuery(c, PageQuery);
  if (!query.ok) return query.response;
  const { cursor, limit } = query.value;
  const rows = await listDeadLetters(c.env.DB, { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor });
  const { page, nextCursor } = paginate(rows, limit, (letter) => ({ at: letter.createdAt, id: letter.id }));
  const attempts = await readAttempts(
    c.env.DB,
    page.flatMap((letter) => letter.taskId ?? []),
  );
  const view = (letter: DeadLetter) => ({
    ...letter,
    createdAt: iso(letter.createdAt),
    redrivenAt: iso(letter.redrivenAt),
    attempts: attempts.filter((attempt) => attempt.taskId === letter.taskId).map(attemptView),
  });
  return c.json({ deadLetters: page.map(view), nextCursor });
});

/** Give a dead letter another life: its task is tried again, or its message sent again. */
deadLetters.post("/:id/redrive", async (c) => {
  const id = c.req.param("id");
  const letter = await findDeadLetter(c.env.DB, { id, ownerId: c.get("ownerId") });
  if (letter === null) return problem(c, { code: "dead_letter_not_found", detail: `There is no dead letter '${id}'.` });
  const isRedriven = await redrive(letter, c.env);
  if (isRedriven) return c.json({ id, jobId: letter.jobId, redriven: true }, 202);
  return problem(c, { code: "not_redrivable", detail: `'${id}' was redriven before, or its job was cancelled.` });
});

async function redrive(letter: DeadLetter, env: Env): Promise<boolean> {
  const { db, tasks, ringGraceMs, journal } = intakeOf(env);
  const now = Date.now();
  if (letter.taskId !== null && letter.jobId !== null) {
    const task = { id: letter.id, taskId: letter.taskId, jobId: letter.jobId };
    if (!(await redriveTask(db, task, { now, ringGraceMs }))) return false;
    journal.record({ event: "job.queued", jobId: letter.jobId, taskId: letter.taskId }, { redriven: letter.id });
    await wake(tasks, [letter.taskId]);
    return true;
  }
  if (letter.redrivenAt !== null || letter.body === null) return false;
  // Sent before it is marked: a message twice does no harm, a lost one would.
  const queue = letter.queue === "media-uploads" ? env.UPLOADS : env.TASKS;
  await queue.send(JSON.parse(letter.body));
  return markRedriven(db, letter.id, now);
}
