import { Hono } from "hono";

import type { ModelId } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { problem } from "../http/problem.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { allNames } from "./model-names.ts";
import { aliasesOf } from "./resolve-model.ts";

/** When the catalogue was read, which is the nearest known date to the creation of a model. Epoch seconds, as in OpenAI's API. */
const CATALOGUE_READ_AT = Date.UTC(2026, 10, 23) / 1000;

export const models = new Hono<App>();

models.get("/", describe(DESCRIPTIONS.listModels), (c) =>
  c.json({ object: "list", data: [...allNames(aliasesOf(c))].map(([name, id]) => modelView(name, id)) }),
);

models.get("/:id{.+}", describe(DESCRIPTIONS.retrieveModel), (c) => {
  const name = c.req.param("id");
  const id = allNames(aliasesOf(c)).get(name);
  if (id !== undefined) return c.json(modelView(name, id));
  const detail = `The model '${name}' does not exist here. GET /openai/v1/models lists the models.`;
  return problem(c, { code: "model_not_found", detail });
});

/** An alias belongs to the operator, who decides what it stands for. */
function modelView(name: string, id: ModelId) {
  const maker = name === id ? (id.split("/")[1] ?? "") : "darkroom";
  return { id: name, object: "model", created: CATALOGUE_READ_AT, owned_by: maker };
}
