import { Hono } from "hono";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { readJson } from "../../shared/input/read-json.ts";
import { REPLICATE_MODELS, type ReplicateModel } from "../../shared/replicate/models.ts";
import type { App } from "../http/app.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem, type Problem } from "../http/problem.ts";
import { parse } from "../http/validate.ts";
import { createPrediction } from "./create-prediction.ts";
import { limitPrediction } from "./predictions.ts";
import { versionView } from "./versions.ts";
import { describe } from "../http/describe.ts";
import { DESCRIPTIONS } from "./descriptions.ts";

/** Longer than any name or description of a model. */
const Search = boundedText({ max: 300, trim: true });

export const models = new Hono<App>();

models.get("/", describe(DESCRIPTIONS.listModels), (c) =>
  c.json(pageOf([...REPLICATE_MODELS.keys()].map((name) => modelView(name, originOf(c.req.url))))),
);

/** Find models whose name or description has all words of the query. The JavaScript client sends the query in quotation marks. */
models.on("QUERY", "/", limitBody, async (c) => {
  const decoded = decodeText(new Uint8Array(await c.req.arrayBuffer()));
  if (!decoded.ok) return problem(c, { code: "invalid_json", detail: `The query ${decoded.reason}.` });
  const json = readJson(decoded.text);
  const query = parse(c, Search, json.ok && typeof json.value === "string" ? json.value : decoded.text);
  if (!query.ok) return query.response;
  const words = query.value.toLowerCase().split(/\s+/);
  const found = [...REPLICATE_MODELS].filter(([name, { description }]) => {
    const text = `${name} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return c.json(pageOf(found.map(([name]) => modelView(name, originOf(c.req.url)))));
});

models.get("/:owner/:name", describe(DESCRIPTIONS.getModel), (c) => {
  const name = nameOf(c.req.param());
  return REPLICATE_MODELS.has(name) ? c.json(modelView(name, originOf(c.req.url))) : problem(c, noSuchModel(name));
});

models.get("/:owner/:name/versions", describe(DESCRIPTIONS.listVersions), (c) => {
  const name = nameOf(c.req.param());
  const model = REPLICATE_MODELS.get(name);
  return model === undefined ? problem(c, noSuchModel(name)) : c.json(pageOf([versionView(model)]));
});

models.get("/:owner/:name/versions/:version", describe(DESCRIPTIONS.getVersion), (c) => {
  const name = nameOf(c.req.param());
  const model = REPLICATE_MODELS.get(name);
  if (model === undefined) return problem(c, noSuchModel(name));
  const id = c.req.param("version");
  if (id === model.version) return c.json(versionView(model));
  return problem(c, { code: "version_not_found", detail: `The model '${name}' has no version '${id}' here.` });
});

models.post("/:owner/:name/predictions", describe(DESCRIPTIONS.createPredictionOfModel), limitPrediction, (c) =>
  createPrediction(c, nameOf(c.req.param())),
);

function nameOf({ owner, name }: { readonly owner: string; readonly name: string }): string {
  return `${owner}/${name}`;
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function noSuchModel(name: string): Problem {
  const detail = `There is no model '${name}' here. GET /replicate/v1/models lists the models.`;
  return { code: "model_not_found", detail };
}

/** All models and versions fit on one page. */
function pageOf<Result>(results: readonly Result[]) {
  return { previous: null, next: null, results };
}

function modelView(name: string, origin: string) {
  const model: ReplicateModel | undefined = REPLICATE_MODELS.get(name);
  if (model === undefined) throw new Error(`no model '${name}'`);
  const [owner, short] = name.split("/");
  return {
    url: `${origin}/replicate/v1/models/${name}`,
    owner,
    name: short,
    description: model.description,
    visibility: "private",
    is_official: false,
    run_count: 0,
    latest_version: versionView(model),
  };
}
