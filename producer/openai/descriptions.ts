// What OpenAI's document says of each route.
import { resolver } from "hono-openapi";
import * as z from "zod";

import { BODY_PROBLEMS, type Description, formBody, MODEL_PROBLEMS } from "../http/describe.ts";
import type { ProblemCode } from "../http/problem.ts";
import { ChatCompletionRequest } from "./chat-request.ts";
import { EmbeddingRequest } from "./embedding-request.ts";
import * as examples from "./examples.ts";
import { ImageRequest } from "./image-request.ts";
import { ResponseRequest } from "./response-request.ts";
import {
  AnyEvent,
  ChatCompletion,
  Embeddings,
  Images,
  Model,
  ModelList,
  ModelResponse,
  TranscriptText,
} from "./schema.ts";
import { Transcription } from "./transcription-fields.ts";

const tags = ["openai"] as const;

/** The file of the form, which the schema of its other fields does not see. */
const RECORDING = formBody(Transcription.safeExtend({ file: z.file().describe("the recording") }));

const json = (schema: z.ZodType) => ({ required: true, content: { "application/json": { schema: resolver(schema) } } });

const TEXT_PROBLEMS = [...BODY_PROBLEMS, "model_not_found", ...MODEL_PROBLEMS] as const satisfies ProblemCode[];

const JOB_PROBLEMS = [
  "invalid_request",
  "upload_too_large",
  "unsupported_media",
  "model_not_found",
  "too_many_jobs",
  "upload_allowance_used",
  "model_unavailable",
] as const satisfies ProblemCode[];

export const DESCRIPTIONS = {
  listModels: {
    operationId: "listModels",
    summary: "List the models",
    description: "Lists Darkroom's names of its models, the platform's, and OpenAI's names for them.",
    tags,
    answers: { 200: { description: "all models", schema: ModelList, example: examples.MODELS } },
  },
  retrieveModel: {
    operationId: "retrieveModel",
    summary: "Read a model",
    description: "The id may have slashes, as in `@cf/openai/whisper-large-v3-turbo`.",
    tags,
    answers: { 200: { description: "the model", schema: Model, example: examples.MODEL } },
    problems: ["model_not_found"],
  },
  createTranscription: {
    operationId: "createTranscription",
    summary: "Transcribe a recording",
    description:
      "The recording becomes a job, and the answer waits for its transcript. `response_format` chooses JSON, text or captions. With `stream` the text comes as events while the recording is transcribed.",
    tags,
    requestBody: RECORDING,
    answers: {
      200: {
        description: "the transcript",
        schema: TranscriptText,
        example: examples.TRANSCRIPTION,
        events: AnyEvent,
        eventExample: examples.TRANSCRIPT_EVENT,
        media: ["text/plain"],
      },
    },
    problems: [...JOB_PROBLEMS, "too_many_streams"],
  },
  createTranslation: {
    operationId: "createTranslation",
    summary: "Translate a recording into English",
    description: "The recording becomes a job, and the answer waits for its transcript in English.",
    tags,
    requestBody: RECORDING,
    answers: {
      200: {
        description: "the transcript in English",
        schema: TranscriptText,
        example: examples.TRANSLATION,
        media: ["text/plain"],
      },
    },
    problems: JOB_PROBLEMS,
  },
  createImage: {
    operationId: "createImage",
    summary: "Generate pictures",
    description:
      "Each picture is a job, and the answer waits for it. OpenAI's names of models stand for models of the platform.",
    tags,
    requestBody: json(ImageRequest),
    request: examples.IMAGE_REQUEST,
    answers: { 200: { description: "the pictures, as links or as base64", schema: Images, example: examples.IMAGES } },
    problems: [...BODY_PROBLEMS, "model_not_found", "too_many_jobs", "model_refused", "model_unavailable"],
  },
  createEmbedding: {
    operationId: "createEmbedding",
    summary: "Turn texts into vectors",
    description: "The vectors have 1,024 dimensions, as lists of numbers or as base64.",
    tags,
    requestBody: json(EmbeddingRequest),
    request: examples.EMBEDDING_REQUEST,
    answers: { 200: { description: "a vector for each text", schema: Embeddings, example: examples.EMBEDDINGS } },
    problems: TEXT_PROBLEMS,
  },
  createChatCompletion: {
    operationId: "createChatCompletion",
    summary: "Answer a conversation",
    description:
      "Text in and text out, in one piece or with `stream` as chunks. `response_format` asks for JSON. Tools, pictures and sound are refused by name.",
    tags,
    requestBody: json(ChatCompletionRequest),
    request: examples.CHAT_REQUEST,
    answers: {
      200: {
        description: "the completion",
        schema: ChatCompletion,
        example: examples.CHAT_COMPLETION,
        events: AnyEvent,
        eventExample: examples.CHAT_CHUNK,
      },
    },
    problems: TEXT_PROBLEMS,
  },
  createResponse: {
    operationId: "createResponse",
    summary: "Write a response",
    description:
      "Text in and text out, in one piece or with `stream` as events. Nothing is stored, so `previous_response_id` is refused.",
    tags,
    requestBody: json(ResponseRequest),
    request: examples.RESPONSE_REQUEST,
    answers: {
      200: {
        description: "the response",
        schema: ModelResponse,
        example: examples.RESPONSE,
        events: AnyEvent,
        eventExample: examples.RESPONSE_EVENT,
      },
    },
    problems: TEXT_PROBLEMS,
  },
} as const satisfies Record<string, Description>;
