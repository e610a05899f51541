import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";

import { readWholeJob } from "../../shared/archive/whole.ts";
import { findPrediction, listPredictions } from "../../shared/db/webhooks/predictions.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { MAX_PREDICTION_BYTES } from "../../shared/replicate/input-fields.ts";
import { predictionView, renderPrediction } from "../../shared/replicate/prediction-view.ts";
import type { App } from "../http/app.ts";
import { actorOf } from "../http/auth.ts";
import { cancelJob } from "../jobs/cancel-job.ts";
import { paginate } from "../http/cursor.ts";
import { problem } from "../http/problem.ts";
import { PageQuery } from "../http/page-query.ts";
import { parseQuery } from "../http/validate.ts";
import { createPrediction } from "./create-prediction.ts";
import { describe } from "../http/describe.ts";
import { DESCRIPTIONS } from "./descriptions.ts";

/** The number of predictions on a page, which is the same at Replicate. */
const PAGE = 100;

export const limitPrediction = bodyLimit({
  maxSize: MAX_PREDICTION_BYTES,
  onError: (c) =>
    problem(c, {
      code: "body_too_large",
      detail: `A prediction may have at most ${MAX_PREDICTION_BYTES} bytes. POST larger files to /replicate/v1/files.`,
    }),
});

export const predictions = new Hono<App>();

predictions.post("/", describe(DESCRIPTIONS.createPrediction), limitPrediction, (c) => createPrediction(c));

/** List predictions, newest first, without outputs, which would need the results of each one. */
predictions.get("/", describe(DESCRIPTIONS.listPredictions), async (c) => {
  const query = parseQuery(c, z.strictObject({ cursor: PageQuery.shape.cursor }));
  if (!query.ok) return query.response;
  const page = { ownerId: c.get("ownerId"), limit: PAGE + 1, before: query.value.cursor };
  const rows = await listPredictions(c.env.DB, page);
  const { page: shown, nextCursor } = paginate(rows, PAGE, ({ at, job }) => ({ at, id: job.id }));
  const { origin } = new URL(c.req.url);
  return c.json({
    previous: null,
    next: nextCursor === null ? null : `${origin}/replicate/v1/predictions?cursor=${nextCursor}`,
    results: shown.map(({ prediction, job }) => predictionView(prediction, job, { output: null, logs: "", origin })),
  });
});

predictions.get("/:id", describe(DESCRIPTIONS.getPrediction), (c) => show(c, c.req.param("id")));

/** Cancel a prediction and show it. A prediction that has ended stays as it is. */
predictions.post("/:id/cancel", describe(DESCRIPTIONS.cancelPrediction), async (c) => {
  const id = c.req.param("id");
  const prediction = await findPrediction(c.env.DB, id);
  if (prediction?.ownerId === c.get("ownerId")) await cancelJob(id, actorOf(c), intakeOf(c.env));
  return show(c, id);
});

async function show(c: Context<App>, id: string): Promise<Response> {
  const ownerId = c.get("ownerId");
  const [prediction, detail] = await Promise.all([
    findPrediction(c.env.DB, id),
    readWholeJob(intakeOf(c.env), { id, ownerId }),
  ]);
  if (prediction === null || detail === null) {
    return problem(c, { code: "prediction_not_found", detail: `There is no prediction '${id}'.` });
  }
  const { origin } = new URL(c.req.url);
  const deps = { db: c.env.DB, media: c.env.MEDIA, origin, now: Date.now() };
  return c.json(await renderPrediction(prediction, detail, deps));
}
