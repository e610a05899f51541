import { segment } from "./address.ts";
// A client for Darkroom's API: `fetch` and types. It runs in Node, browsers and Workers and has no dependencies.
import { type AskOptions, askJob } from "./ask.ts";
import { createAudit, createDeadLetters, createRedrives } from "./dead-letters.ts";
import type { Usage, UsageQuery } from "./contract.ts";
import { createGenerate } from "./generate.ts";
import { type CallOptions, type ClientOptions, createHttp } from "./http.ts";
import {
  createArchive,
  createBudgets,
  createChecks,
  createKeys,
  createQueues,
  createRetention,
  createWebhooks,
} from "./operations.ts";
import { createJobs } from "./jobs.ts";
import type { AnswerEvents } from "./stream-answer.ts";
import type { AskAnswer, EmbeddingAnswer, SearchAnswer, SearchQuery } from "./types.ts";
import { createUploads } from "./uploads.ts";

/** Every call throws a `DarkroomError` if it is refused or gets no answer. */
export function createClient(options: ClientOptions) {
  const http = createHttp(options);
  const { fetch: put = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = options;
  return {
    jobs: createJobs(http),
    uploads: createUploads(http, put),
    deadLetters: createDeadLetters(http),
    redrives: createRedrives(http),
    audit: createAudit(http),
    queues: createQueues(http),
    checks: createChecks(http),
    budgets: createBudgets(http),
    retention: createRetention(http),
    archive: createArchive(http),
    webhooks: createWebhooks(http),
    keys: createKeys(http),
    /** Ask about a job's transcript or text. Yields the answer as the model writes it, piece by piece. */
    ask: (id: string, question: string, asked: AskOptions = {}) => askJob(http, id, { ...asked, question }),
    /** Ask in the same way, and return the whole answer with its cost. */
    askWhole: (
      id: string,
      question: string,
      { signal, ...request }: Omit<AskOptions, keyof AnswerEvents<unknown>> = {},
    ) =>
      http.json<AskAnswer>("POST", `/v1/jobs/${segment(id)}/ask`, {
        signal,
        headers: { accept: "application/json" },
        json: { ...request, question },
      }),
    ...createGenerate(http),
    /** Find passages of transcripts, prompts, texts and labels, by words and by meaning; the best first. */
    search: (text: string, query: SearchQuery = {}, call?: CallOptions) =>
      http.json<SearchAnswer>("GET", "/v1/search", { ...call, query: { ...query, q: text } }),
    /** Turn texts (up to 100) into vectors: the nearer their meanings, the larger the cosine. */
    embeddings: (texts: readonly string[], call?: CallOptions) =>
      http.json<EmbeddingAnswer>("POST", "/v1/embeddings", { ...call, json: { texts } }),
    /** What was consumed: by every owner for the operator, otherwise by you. */
    usage({ by, ...query }: UsageQuery = {}, call?: CallOptions): Promise<Usage> {
      return http.json<Usage>("GET", "/v1/usage", { ...call, query: { ...query, by: by?.join(",") } });
    },
    health: (call?: CallOptions) => http.json<{ readonly status: "ok" }>("GET", "/healthz", call),
    /** The API's description, an OpenAPI document. */
    openapi: (call?: CallOptions) => http.json<Record<string, unknown>>("GET", "/openapi.json", call),
  };
}

export type Client = ReturnType<typeof createClient>;

export type { AskOptions } from "./ask.ts";
export type { GenerateOptions } from "./generate.ts";
export type { AnswerEvents } from "./stream-answer.ts";
export type { AudioStretch } from "./audio.ts";
export type * from "./contract.ts";
export { DarkroomError, type Issue, type ProblemFields } from "./error.ts";
export { authOf } from "./http.ts";
export type { CallOptions, ClientOptions } from "./http.ts";
export type {
  DeleteOptions,
  Download,
  DownloadOptions,
  LinkOptions,
  OpenedTranscript,
  SubmitOptions,
  TranscriptFormat,
} from "./jobs.ts";
export type { Listing, Page } from "./listing.ts";
export type { Progress } from "./put-direct.ts";
export type * from "./types.ts";
export type { PutOptions, TicketRequest, UploadSource } from "./uploads.ts";
export type { WaitOptions } from "./wait.ts";
