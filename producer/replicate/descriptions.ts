// What Replicate's document says of each route.
import { resolver } from "hono-openapi";

import { BODY_PROBLEMS, type Description } from "../http/describe.ts";
import { PredictionRequest } from "./create-prediction.ts";
import * as examples from "./examples.ts";
import { Account, Model, ModelVersion, pageOf, Prediction, Secret } from "./schema.ts";

const tags = ["replicate"] as const;
const created = "the prediction; it has ended if the client waited for that";
const cursor = { in: "query", name: "cursor", schema: { type: "string" } } as const;

/** Creating a prediction, by its version or by the model in the path. */
const CREATION = {
  tags,
  requestBody: { required: true, content: { "application/json": { schema: resolver(PredictionRequest) } } },
  answers: {
    201: { description: created, schema: Prediction, example: examples.PREDICTION },
    202: { description: "the client waited, and it has not ended", schema: Prediction, example: examples.STARTED },
  },
  problems: [
    ...BODY_PROBLEMS,
    "model_not_found",
    "unsupported_media",
    "upload_too_large",
    "upload_allowance_used",
    "too_many_jobs",
  ],
} satisfies Partial<Description>;

export const DESCRIPTIONS = {
  createPrediction: {
    ...CREATION,
    operationId: "createPrediction",
    summary: "Create a prediction of a version",
    description: "`version` or `model` names the model. With `Prefer: wait` the answer waits up to a minute.",
    request: examples.PREDICTION_REQUEST,
  },
  createPredictionOfModel: {
    ...CREATION,
    operationId: "createPredictionOfModel",
    summary: "Create a prediction of a model",
    description: "The path names the model. With `Prefer: wait` the answer waits up to a minute.",
    request: examples.INPUT_REQUEST,
  },
  listPredictions: {
    operationId: "listPredictions",
    summary: "List predictions, newest first",
    description: "A page has 100 predictions, without their outputs. `next` is the address of the next page.",
    tags,
    parameters: [cursor],
    answers: { 200: { description: "a page", schema: pageOf(Prediction), example: examples.PREDICTIONS } },
  },
  getPrediction: {
    operationId: "getPrediction",
    summary: "Read a prediction",
    description: "Shows its status, and its output once it has succeeded.",
    tags,
    answers: { 200: { description: "the prediction", schema: Prediction, example: examples.PREDICTION } },
    problems: ["prediction_not_found"],
  },
  cancelPrediction: {
    operationId: "cancelPrediction",
    summary: "Cancel a prediction",
    description: "A prediction that has ended stays as it is.",
    tags,
    answers: { 200: { description: "the prediction", schema: Prediction, example: examples.CANCELED } },
    problems: ["prediction_not_found"],
  },
  streamPrediction: {
    operationId: "streamPrediction",
    summary: "Stream a prediction",
    description:
      "Sends the output as server-sent events when the prediction has ended. The address is in `urls.stream`, and needs no key.",
    tags,
    answers: { 200: { description: "events `logs`, `output`, `error` and `done`", media: ["text/event-stream"] } },
    problems: ["prediction_not_found", "too_many_streams"],
  },
  listModels: {
    operationId: "listModels",
    summary: "List the models",
    description:
      "Lists the models of Replicate that a model of the platform stands for. The method `QUERY` searches them.",
    tags,
    answers: { 200: { description: "all models", schema: pageOf(Model), example: examples.MODELS } },
  },
  getModel: {
    operationId: "getModel",
    summary: "Read a model",
    description: "The owner and the name are those of Replicate, such as `black-forest-labs/flux-schnell`.",
    tags,
    answers: { 200: { description: "the model", schema: Model, example: examples.MODEL } },
    problems: ["model_not_found"],
  },
  listVersions: {
    operationId: "listVersions",
    summary: "List the versions of a model",
    description: "Every model has one version here.",
    tags,
    answers: { 200: { description: "the version", schema: pageOf(ModelVersion), example: examples.VERSIONS } },
    problems: ["model_not_found"],
  },
  getVersion: {
    operationId: "getVersion",
    summary: "Read a version of a model",
    description: "`openapi_schema` describes the inputs that it accepts here.",
    tags,
    answers: { 200: { description: "the version", schema: ModelVersion, example: examples.VERSION } },
    problems: ["model_not_found", "version_not_found"],
  },
  getAccount: {
    operationId: "getAccount",
    summary: "Read the account",
    description: "The account is the owner of the key.",
    tags,
    answers: { 200: { description: "the account", schema: Account, example: examples.ACCOUNT } },
  },
  getDefaultWebhookSecret: {
    operationId: "getDefaultWebhookSecret",
    summary: "Read the secret that signs webhooks",
    description: "It belongs to the key that asks, and signs the webhooks of the predictions that this key creates.",
    tags,
    answers: { 200: { description: "the secret", schema: Secret, example: examples.SECRET } },
  },
} as const satisfies Record<string, Description>;
