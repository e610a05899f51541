import { Hono } from "hono";

import { REPLICATE_MODELS, type ReplicateModel } from "../../shared/replicate/models.ts";
import type { App } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import { createPrediction } from "./create-prediction.ts";
import { limitPrediction } from "./predictions.ts";

export const models = new Hono<App>();

models.get("/", (c) => {
  const { origin } = new URL(c.req.url);
  const results = [...REPLICATE_MODELS].map(([name, model]) => modelView(name, model, origin));
  return c.json({ previous: null, next: null, results });
});

models.get("/:owner/:name", (c) => {
  const name = `${c.req.param("owner")}/${c.req.param("name")}`;
  const model = REPLICATE_MODELS.get(name);
  if (model === undefined)
    return problem(c, {
      code: "model_not_found",
      detail: `There is no model '${name}' here. GET /replicate/v1/models lists the models.`,
    });
  return c.json(modelView(name, model, new URL(c.req.url).origin));
});

models.post("/:owner/:name/predictions", limitPrediction, (c) =>
  createPrediction(c, `${c.req.param("owner")}/${c.req.param("name")}`),
);

function modelView(name: string, { description }: ReplicateModel, origin: string) {
  const [owner, short] = name.split("/");
  const url = `${origin}/replicate/v1/models/${name}`;
  return { url, owner, name: short, description, visibility: "private", is_official: false, run_count: 0 };
}
