import { Hono } from "hono";

import { advanceRedrive } from "../../shared/redrives/advance-redrives.ts";
import { listRedrives, readRedrive } from "../../shared/db/redrives/reads.ts";
import { cancelRedrive } from "../../shared/db/redrives/ends.ts";
import { countMatching, createRedrive, type Matching, sampleMatching } from "../../shared/db/redrives/redrives.ts";
import { priceMatching } from "../../shared/db/redrives/price-matching.ts";
import { microUsd } from "../../shared/cost/neurons.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { pageLinks, paginate } from "../http/cursor.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { idempotent, IDEMPOTENCY_PARAMETER, IDEMPOTENCY_PROBLEMS } from "../http/idempotent.ts";
import { iso } from "../http/time.ts";
import { limitBody } from "../http/limit-body.ts";
import { type Problem, problem } from "../http/problem.ts";
import { redriveView } from "./view.ts";
import { PageQuery } from "../http/page-query.ts";
import { seededId } from "../http/seeded-ids.ts";
import { DryRun, Redrive, RedrivePage, RedriveRequest } from "./schema.ts";
import { CANCELLED_REDRIVE, REDRIVE, REDRIVE_DRY_RUN, REDRIVE_PAGE, REDRIVE_REQUEST } from "./examples.ts";

export const redrives = new Hono<App>();

const SAMPLE_LETTERS = 5;

/** Redrive many dead letters. This request claims them; they are redriven at the rate from now on. A dry run only reports which. */
redrives.post(
  "/",
  describe({
    operationId: "redriveMany",
    summary: "Redrive many dead letters",
    description:
      "Claims the letters that match, and redrives them at `ratePerSecond`; with `canary`, the first one must succeed before the others go. `dryRun` in the body answers 200 with what would be redriven, and changes nothing.",
    request: REDRIVE_REQUEST,
    tags: ["operations"],
    parameters: [IDEMPOTENCY_PARAMETER],
    answers: {
      200: { description: "for a dry run, what the redrive would do", schema: DryRun, example: REDRIVE_DRY_RUN },
      202: { description: "the redrive", schema: Redrive, example: REDRIVE, headers: { location: "the redrive" } },
    },
    problems: [...BODY_PROBLEMS, ...IDEMPOTENCY_PROBLEMS, "nothing_to_redrive"],
  }),
  limitBody,
  idempotent(),
  body(RedriveRequest),
  async (c) => {
    const { dryRun, ...redrive } = c.req.valid("json");
    const ownerId = c.get("ownerId");
    const db = c.env.DB;
    const { origin } = new URL(c.req.url);
    if (dryRun) {
      const [{ free, held }, price, sample] = await Promise.all([
        countMatching(db, ownerId, redrive.filter),
        priceMatching(db, ownerId, redrive),
        sampleMatching(db, ownerId, redrive.filter, Math.min(SAMPLE_LETTERS, redrive.limit)),
      ]);
      const matched = Math.min(free, redrive.limit);
      const answer: DryRun = {
        dryRun: true,
        matched,
        overLimit: free - matched,
        heldByOthers: held,
        lastsSeconds: Math.ceil(matched / redrive.ratePerSecond),
        estimate: { ...price, microUsd: microUsd(price.neurons) },
        sample: sample.map((letter) => ({
          ...letter,
          createdAt: iso(letter.createdAt),
          url: `${origin}/v1/dead-letters/${letter.id}`,
        })),
      };
      return c.json(answer);
    }
    const now = Date.now();
    const seed = c.get("seed");
    const wanted = `rd_${await seededId(seed)}`;
    // An earlier run of this request may have created the redrive and died before it answered.
    const known = seed === undefined ? null : await readRedrive(db, { id: wanted, ownerId });
    const location = `${origin}/v1/redrives/${wanted}`;
    if (known !== null) return c.json(redriveView(known, origin), 202, { location });
    const asked = { ...redrive, id: wanted };
    const id = await createRedrive(db, asked, actorOf(c), now);
    if (id === null) return problem(c, whyNone(await countMatching(db, ownerId, redrive.filter), redrive.canary));
    const made = await readRedrive(db, { id, ownerId });
    if (made === null) throw new Error(`redrive '${id}' was created but cannot be read`);
    const intake = intakeOf(c.env);
    intake.journal.record({ event: "redrive.created", ownerId }, { redriveId: id, letters: made.matched });
    c.executionCtx.waitUntil(advanceRedrive(id, { ...intake, uploads: c.env.UPLOADS }, now));
    return c.json(redriveView(made, origin), 202, { location });
  },
);

redrives.get(
  "/",
  describe({
    operationId: "listRedrives",
    summary: "List redrives, newest first",
    description: "Redrives of many letters, newest first, with their progress.",
    tags: ["operations"],
    answers: {
      200: {
        description: "a page",
        schema: RedrivePage,
        example: REDRIVE_PAGE,
        headers: { link: 'the next page, rel="next"' },
      },
    },
    problems: ["invalid_request"],
  }),
  query(PageQuery),
  async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const rows = await listRedrives(c.env.DB, { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor });
    const { page, nextCursor } = paginate(rows, limit, (redrive) => ({ at: redrive.createdAt, id: redrive.id }));
    const { origin } = new URL(c.req.url);
    const answer = { redrives: page.map((redrive) => redriveView(redrive, origin)), nextCursor };
    return c.json(answer, 200, pageLinks(c, nextCursor));
  },
);

redrives.get(
  "/:id",
  describe({
    operationId: "readRedrive",
    summary: "Read a redrive with its progress",
    description: "Shows how many letters matched, wait, run, succeeded and failed.",
    tags: ["operations"],
    answers: { 200: { description: "the redrive", schema: Redrive, example: REDRIVE } },
    problems: ["redrive_not_found"],
  }),
  async (c) => {
    const redrive = await readRedrive(c.env.DB, { id: c.req.param("id"), ownerId: c.get("ownerId") });
    if (redrive === null) return problem(c, notFound(c.req.param("id")));
    return c.json(redriveView(redrive, new URL(c.req.url).origin));
  },
);

/** Cancel a redrive. Letters that are not due yet are released; tasks that have been redriven continue. */
redrives.delete(
  "/:id",
  describe({
    operationId: "cancelRedrive",
    summary: "Cancel the part of a redrive that has not been sent yet",
    description: "Letters that have not been sent yet are released. Those that have been sent continue.",
    tags: ["operations"],
    answers: { 200: { description: "the redrive", schema: Redrive, example: CANCELLED_REDRIVE } },
    problems: ["redrive_not_found", "redrive_finished"],
  }),
  async (c) => {
    const id = c.req.param("id");
    const intake = intakeOf(c.env);
    const { db, journal } = intake;
    const { isCancelled, changes } = await cancelRedrive(db, id, actorOf(c), Date.now());
    if (isCancelled) journal.record({ event: "redrive.cancelled", ownerId: c.get("ownerId") }, { redriveId: id });
    await announce(changes, intake);
    const redrive = await readRedrive(db, { id, ownerId: c.get("ownerId") });
    if (redrive === null) return problem(c, notFound(id));
    if (isCancelled || redrive.state === "cancelled") return c.json(redriveView(redrive, new URL(c.req.url).origin));
    return problem(c, { code: "redrive_finished", detail: `The redrive '${id}' is already ${redrive.state}.` });
  },
);

function whyNone({ free, held }: Matching, isCanary: boolean): Problem {
  if (free > 0 && isCanary) {
    const detail =
      "The filter matches only messages that could not be read, and none of them can be a canary. Leave 'canary' out.";
    return { code: "nothing_to_redrive", detail };
  }
  const others = held === 0 ? "" : `, except ${held} that another redrive holds; see GET /v1/redrives`;
  return { code: "nothing_to_redrive", detail: `No open dead letter matches the filter${others}.` };
}

function notFound(id: string) {
  return { code: "redrive_not_found", detail: `There is no redrive '${id}'.` } as const;
}
