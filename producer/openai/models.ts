import { Hono } from "hono";

import {
  IMAGE_MODEL_NAMES,
  IMAGE_MODELS,
  type ImageModelName,
  SPEECH_MODELS,
  type Tier,
  TIERS,
} from "../../shared/models/models.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import type { App } from "../http/app.ts";
import { problem, type Problem } from "../http/problem.ts";
import { describe } from "../http/describe.ts";
import { MODEL, MODELS } from "./examples.ts";
import { Model, ModelList } from "./schema.ts";

/** When the catalogue was read, which is the nearest known date to the creation of a model. Epoch seconds, as in OpenAI's API. */
const CATALOGUE_READ_AT = Date.UTC(2026, 10, 23) / 1000;

/** The tier for every name of a speech model: Darkroom's, the platform's and OpenAI's. */
export const SPEECH_NAMES: ReadonlyMap<string, Tier> = new Map<string, Tier>([
  ["whisper-1", "accurate"],
  ...TIERS.flatMap((tier): [string, Tier][] => [
    [tier, tier],
    [SPEECH_MODELS[tier].id, tier],
  ]),
]);

export const IMAGE_NAMES: ReadonlyMap<string, ImageModelName> = new Map<string, ImageModelName>([
  ["dall-e-2", "flux-1-schnell"],
  ["dall-e-3", "flux-1-schnell"],
  ...IMAGE_MODEL_NAMES.flatMap((name): [string, ImageModelName][] => [
    [name, name],
    [IMAGE_MODELS[name].id, name],
  ]),
]);

/** The name of a model in a request. */
export const ModelName = boundedText({ max: 200, min: 1 });

export function noSuchModel(model: string): Problem {
  return {
    code: "model_not_found",
    detail: `The model '${model}' does not exist here. GET /openai/v1/models lists the models.`,
  };
}

export const models = new Hono<App>();

models.get(
  "/",
  describe({
    operationId: "listModels",
    summary: "List the models",
    description: "Lists Darkroom's names of its models, the platform's, and OpenAI's names for them.",
    tags: ["openai"],
    answers: {
      200: {
        description: "all models",
        schema: ModelList,
        example: MODELS,
      },
    },
  }),
  (c) => c.json({ object: "list", data: [...SPEECH_NAMES.keys(), ...IMAGE_NAMES.keys()].map(modelView) }),
);

models.get(
  "/:id{.+}",
  describe({
    operationId: "retrieveModel",
    summary: "Read a model",
    description: "The id may have slashes, as in `@cf/openai/whisper-large-v3-turbo`.",
    tags: ["openai"],
    answers: { 200: { description: "the model", schema: Model, example: MODEL } },
    problems: ["model_not_found"],
  }),
  (c) => {
    const id = c.req.param("id");
    if (SPEECH_NAMES.has(id) || IMAGE_NAMES.has(id)) return c.json(modelView(id));
    return problem(c, noSuchModel(id));
  },
);

function modelView(id: string) {
  const [, maker] = /^@cf\/([^/]+)\//.exec(id) ?? [];
  return { id, object: "model", created: CATALOGUE_READ_AT, owned_by: maker ?? "darkroom" };
}
