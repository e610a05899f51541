import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

import { ExportedJob } from "../../shared/archive/exported.ts";
import { findNoText } from "../../shared/input/bounded-text.ts";
import { exportJob, importJob } from "../../shared/archive/move.ts";
import { listExportable } from "../../shared/db/archive/moving.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { encodeCursor } from "../http/cursor.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { operatorOnly } from "../http/operator-only.ts";
import { PageQuery } from "../http/page-query.ts";
import { problem } from "../http/problem.ts";
import type * as z from "zod";
import { ImportRequest, ExportPage, ImportAnswer } from "./schema.ts";
import { EXPORTED } from "./examples.ts";

export const archive = new Hono<App>();

const tags = ["operations"] as const;
const forOperator = operatorOnly("Only the operator may move jobs between deployments. Use a key of the operator.");

/** A page has no further line after this many characters: a long recording's line has a million. */
const PAGE_CHARS = 4_000_000;

/** D1 answers with at most 50 MB, and a job that is whole may have one and a half. */
const MOST_A_PAGE = 25;

/** A line may be longer than any other body of the API. */
const MAX_IMPORT_BYTES = 16_000_000;

archive.get(
  "/",
  describe({
    operationId: "exportJobs",
    summary: "Read the ended jobs of every owner as lines that another Darkroom imports, the earliest end first",
    description:
      "Each line is an ended job with its results, for another deployment's `importJobs`. Only the operator may export.",
    tags,
    answers: {
      200: {
        description: "a page; follow nextCursor to its end",
        schema: ExportPage,
        example: { jobs: [EXPORTED], nextCursor: null },
      },
    },
    problems: ["invalid_request", "forbidden"],
  }),
  forOperator,
  query(PageQuery),
  async (c) => {
    const { cursor, ...asked } = c.req.valid("query");
    const limit = Math.min(asked.limit, MOST_A_PAGE);
    const deps = intakeOf(c.env);
    const rows = await listExportable(deps.db, { after: cursor ?? { at: -1, id: "" }, limit: limit + 1 });
    const jobs: ExportedJob[] = [];
    let chars = 0;
    for (const row of rows.slice(0, limit)) {
      if (chars > PAGE_CHARS) break;
      const job = await exportJob(row, deps);
      chars += JSON.stringify(job).length;
      jobs.push(job);
    }
    const last = rows[jobs.length - 1];
    const hasMore = last !== undefined && rows.length > jobs.length;
    const nextCursor = hasMore ? encodeCursor({ at: last.finalizedAt, id: last.id }) : null;
    return c.json({ jobs, nextCursor } satisfies z.infer<typeof ExportPage>, 200, { "cache-control": "no-store" });
  },
);

/** A line that was imported before is `known`, so a request may be repeated. */
archive.post(
  "/",
  describe({
    operationId: "importJobs",
    summary: "Insert jobs from the lines of another Darkroom, whose results are in the bucket already",
    description:
      "Takes lines of `exportJobs`. A job that is there already is `known`, and is not changed. Only the operator may import.",
    request: { jobs: [EXPORTED] },
    tags,
    answers: {
      200: {
        description: "the result of each line, in the order of the request",
        schema: ImportAnswer,
        example: { results: [{ job: EXPORTED.job, outcome: "imported" }] },
      },
    },
    problems: [...BODY_PROBLEMS, "forbidden"],
  }),
  bodyLimit({
    maxSize: MAX_IMPORT_BYTES,
    onError: (c) =>
      problem(c, { code: "body_too_large", detail: `Lines may have at most ${MAX_IMPORT_BYTES} bytes together.` }),
  }),
  forOperator,
  body(ImportRequest),
  async (c) => {
    const deps = intakeOf(c.env);
    const results: ImportAnswer["results"] = [];
    for (const line of c.req.valid("json").jobs) {
      // D1 would store something else in its place.
      const noText = findNoText(line);
      if (noText !== null) {
        results.push({ job: idIn(line), outcome: "refused", reason: `${noText.path.join(".")}: ${noText.message}.` });
        continue;
      }
      const read = ExportedJob.safeParse(line);
      if (!read.success) {
        const [issue] = read.error.issues;
        const reason = `The line does not have the form of this version: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`;
        results.push({ job: idIn(line), outcome: "refused", reason });
        continue;
      }
      const outcome = await importJob(read.data, deps, Date.now());
      const reason = outcome.type === "refused" && { reason: outcome.reason };
      results.push({ job: read.data.job, outcome: outcome.type, ...reason });
    }
    return c.json({ results } satisfies ImportAnswer);
  },
);

function idIn(line: unknown): string | null {
  const { job } = (line ?? {}) as { job?: unknown };
  return typeof job === "string" ? job : null;
}
