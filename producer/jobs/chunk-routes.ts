import { Hono } from "hono";
import type * as z from "zod";

import { readWhole } from "../../shared/archive/whole.ts";
import { type ChunkTask, readChunkTasks } from "../../shared/db/jobs/chunk-states.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, query } from "../http/describe.ts";
import { NoQuery } from "../http/page-query.ts";
import { problem } from "../http/problem.ts";
import { type Chunk, JobChunks } from "./schema.ts";
import { CHUNKS } from "./examples.ts";

export const chunks = new Hono<App>();

chunks.get(
  "/:id/chunks",
  describe({
    operationId: "readJobChunks",
    summary: "List the chunks of a long recording and the state of each: waiting, running, done or gap",
    description: "A long recording is transcribed in chunks, side by side. The list is empty if one call was enough.",
    tags: ["jobs"],
    answers: { 200: { description: "the chunks in the order of the recording", schema: JobChunks, example: CHUNKS } },
    problems: ["job_not_found", "invalid_request"],
  }),
  query(NoQuery),
  async (c) => {
    const id = c.req.param("id");
    const deps = intakeOf(c.env);
    const job = { id, ownerId: c.get("ownerId") };
    const tasks = await readWhole(deps, job, () => readChunkTasks(deps.db, job));
    if (tasks === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    const answer: z.infer<typeof JobChunks> = { chunks: tasks.filter(isWhole).map(viewOf) };
    return c.json(answer);
  },
);

/** Whether a chunk was not halved. A halved chunk comes before its halves, and the answer lists only these. */
function isWhole({ startMs, endMs }: ChunkTask, index: number, all: readonly ChunkTask[]): boolean {
  const next = all[index + 1];
  return next === undefined || next.startMs < startMs || next.endMs > endMs;
}

const STATES = {
  pending: "waiting",
  available: "waiting",
  retryable: "waiting",
  running: "running",
  completed: "done",
  discarded: "gap",
  cancelled: "gap",
} as const satisfies Record<ChunkTask["state"], Chunk["state"]>;

function viewOf({ startMs, endMs, state }: ChunkTask): Chunk {
  return { startMs, endMs, state: STATES[state] };
}
