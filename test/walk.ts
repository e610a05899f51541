// The request to each route for another owner's resources, and the answer that it must give.
import { speech } from "./speech.ts";

/** The operator's resources, which another owner requests. */
export interface Belongings {
  readonly done: string;
  readonly waiting: string;
  readonly sourceKey: string;
  readonly letter: string;
  readonly redrive: string;
  readonly key: string;
  readonly upload: string;
  readonly uploadKey: string;
  readonly webhook: string;
  readonly delivery: string;
  readonly prediction: string;
  /** An address of Replicate's dialect. */
  readonly file: string;
  /** The secrets with which only they may sign: an endpoint's secret, and their key's. */
  readonly endpointSecret: string;
  readonly keySecret: string;
}

interface Step {
  readonly path: (theirs: Belongings) => string;
  /** JSON, a form, or plain bytes. */
  readonly body?: (theirs: Belongings) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The problem's code, or its title in Replicate's dialect; null for an allowed answer, which must not contain anything of theirs. */
  readonly code: string | null;
}

/** Routes for every caller. A signed link contains its own permission. */
export const PUBLIC = new Set([
  "GET /healthz",
  "GET /openapi.json",
  "GET /openapi/openai.json",
  "GET /openapi/replicate.json",
  "GET /docs",
  "GET /docs.js",
  "GET /docs.css",
  "GET /setup",
  "POST /setup",
  "GET /signed/jobs/:id/artifacts/:name",
  "GET /signed/jobs/:id/source",
  "GET /signed/jobs/:id/audio",
  "GET /signed/jobs/:id/transcript",
  "GET /signed/jobs/:id/events",
  // A signed link as well: Replicate's SDK reads a stream without its key.
  "GET /replicate/v1/predictions/:id/stream",
]);

/** An address without a server. Nothing is sent there. */
const OWN_HOOK = "http://127.0.0.1:9/own";
const PARTS = { parts: [{ number: 1, etag: '"etag"' }] };
/** The titles of Replicate's errors, which have no code. */
const NO_PREDICTION = "No such prediction";
const INVALID_INPUT = "Input validation failed";
const NO_FILE = "No such file";

function recordingForm(): FormData {
  const form = new FormData();
  form.set("file", new File([speech("their words")], "same.mp3", { type: "audio/mpeg" }));
  form.set("model", "whisper-1");
  return form;
}

export function fileForm(): FormData {
  const form = new FormData();
  form.set("content", new File([speech("their words")], "same.mp3", { type: "audio/mpeg" }));
  return form;
}

export const WALK: Readonly<Record<string, Step>> = {
  "GET /v1/jobs": { path: () => "/v1/jobs?limit=100", code: null },
  "POST /v1/jobs": {
    path: () => "/v1/jobs",
    body: ({ sourceKey }) => ({ kind: "transcription", source: sourceKey }),
    code: "source_not_found",
  },
  "POST /v1/jobs/batch": {
    path: () => "/v1/jobs/batch",
    body: ({ sourceKey }) => ({ jobs: [{ kind: "transcription", source: sourceKey }] }),
    code: "source_not_found",
  },
  "POST /v1/jobs/estimate": {
    path: () => "/v1/jobs/estimate",
    body: ({ sourceKey }) => ({ kind: "transcription", source: sourceKey }),
    code: "source_not_found",
  },
  "POST /v1/jobs/batch/estimate": {
    path: () => "/v1/jobs/batch/estimate",
    body: ({ sourceKey }) => ({ jobs: [{ kind: "transcription", source: sourceKey }] }),
    code: "source_not_found",
  },
  "GET /v1/jobs/:id": { path: ({ done }) => `/v1/jobs/${done}`, code: "job_not_found" },
  "POST /v1/jobs/:id/cancel": { path: ({ waiting }) => `/v1/jobs/${waiting}/cancel`, code: "job_not_found" },
  "DELETE /v1/jobs/:id": { path: ({ waiting }) => `/v1/jobs/${waiting}`, code: "job_not_found" },
  "GET /v1/jobs/:id/artifacts/:name": {
    path: ({ done }) => `/v1/jobs/${done}/artifacts/transcript.txt`,
    code: "artifact_not_found",
  },
  "GET /v1/jobs/:id/source": { path: ({ done }) => `/v1/jobs/${done}/source`, code: "source_not_found" },
  "GET /v1/jobs/:id/audio": { path: ({ done }) => `/v1/jobs/${done}/audio`, code: "job_not_found" },
  "POST /v1/jobs/:id/links": {
    path: ({ done }) => `/v1/jobs/${done}/links`,
    body: () => ({ links: [{ to: "source" }] }),
    code: "job_not_found",
  },
  "GET /v1/jobs/:id/transcript": { path: ({ done }) => `/v1/jobs/${done}/transcript`, code: "job_not_found" },
  "PATCH /v1/jobs/:id/transcript": {
    path: ({ done }) => `/v1/jobs/${done}/transcript`,
    body: () => ({ operations: [{ op: "remove", segment: 0, word: 0 }] }),
    headers: { "if-match": "*" },
    code: "job_not_found",
  },
  "GET /v1/jobs/:id/transcript/history": {
    path: ({ done }) => `/v1/jobs/${done}/transcript/history`,
    code: "job_not_found",
  },
  "POST /v1/jobs/:id/transcript/revert": {
    path: ({ done }) => `/v1/jobs/${done}/transcript/revert`,
    body: () => ({ version: 0 }),
    headers: { "if-match": "*" },
    code: "job_not_found",
  },
  "GET /v1/jobs/:id/receipt": { path: ({ done }) => `/v1/jobs/${done}/receipt`, code: "job_not_found" },
  "GET /v1/jobs/:id/chunks": { path: ({ done }) => `/v1/jobs/${done}/chunks`, code: "job_not_found" },
  "GET /v1/jobs/:id/events": { path: ({ done }) => `/v1/jobs/${done}/events`, code: "job_not_found" },
  "GET /v1/search": { path: () => "/v1/search?q=their+words", code: null },
  "POST /v1/jobs/:id/ask": {
    path: ({ done }) => `/v1/jobs/${done}/ask`,
    body: () => ({ question: "What do they say?" }),
    code: "job_not_found",
  },
  "POST /v1/embeddings": { path: () => "/v1/embeddings", body: () => ({ texts: ["my own words"] }), code: null },
  // A text is made of the request alone.
  "POST /v1/generate": { path: () => "/v1/generate", body: () => ({ prompt: "What is a harbour?" }), code: null },
  "POST /v1/generate/estimate": {
    path: () => "/v1/generate/estimate",
    body: () => ({ prompt: "What is a harbour?" }),
    code: null,
  },
  "GET /v1/uploads": { path: () => "/v1/uploads", code: null },
  // They send the same bytes, and get their own job without a reused result.
  "POST /v1/uploads": { path: () => "/v1/uploads?name=same.mp3", body: () => speech("their words"), code: null },
  "POST /v1/uploads/announce": {
    path: () => "/v1/uploads/announce",
    body: () => ({ name: "theirs.wav", sizeBytes: 9 }),
    code: null,
  },
  "POST /v1/uploads/estimate": {
    path: () => "/v1/uploads/estimate?name=same.mp3",
    body: () => speech("their words"),
    code: null,
  },
  "GET /v1/uploads/:id": { path: ({ upload }) => `/v1/uploads/${upload}`, code: "upload_not_found" },
  "DELETE /v1/uploads/:id": { path: ({ upload }) => `/v1/uploads/${upload}`, code: "upload_not_found" },
  "POST /v1/uploads/:id/parts": {
    path: ({ upload }) => `/v1/uploads/${upload}/parts`,
    body: () => ({}),
    code: "upload_not_found",
  },
  "PUT /v1/uploads/:id/parts": {
    path: ({ upload }) => `/v1/uploads/${upload}/parts`,
    body: () => PARTS,
    code: "upload_not_found",
  },
  "POST /v1/uploads/:id/complete": {
    path: ({ upload }) => `/v1/uploads/${upload}/complete`,
    body: () => PARTS,
    code: "upload_not_found",
  },
  "POST /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3?uploads`, code: "upload_not_found" },
  "GET /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3`, code: "upload_not_found" },
  "DELETE /v1/uploads/:id/s3": { path: ({ upload }) => `/v1/uploads/${upload}/s3`, code: "upload_not_found" },
  "GET /v1/dead-letters": { path: () => "/v1/dead-letters?view=list&state=all", code: null },
  "GET /v1/dead-letters/:id": { path: ({ letter }) => `/v1/dead-letters/${letter}`, code: "dead_letter_not_found" },
  "POST /v1/dead-letters/:id/redrive": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/redrive`,
    body: () => ({}),
    code: "dead_letter_not_found",
  },
  "POST /v1/dead-letters/:id/discard": {
    path: ({ letter }) => `/v1/dead-letters/${letter}/discard`,
    body: () => ({ note: "mine now" }),
    code: "dead_letter_not_found",
  },
  "GET /v1/redrives": { path: () => "/v1/redrives", code: null },
  "POST /v1/redrives": {
    path: () => "/v1/redrives",
    body: () => ({ filter: { all: true } }),
    code: "nothing_to_redrive",
  },
  "GET /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "DELETE /v1/redrives/:id": { path: ({ redrive }) => `/v1/redrives/${redrive}`, code: "redrive_not_found" },
  "GET /v1/queues": { path: () => "/v1/queues", code: null },
  "GET /v1/queues/throughput": { path: () => "/v1/queues/throughput", code: null },
  "GET /v1/checks": { path: () => "/v1/checks", code: "forbidden" },
  "POST /v1/queues/:kind/pause": { path: () => "/v1/queues/transcription/pause", body: () => ({}), code: "forbidden" },
  "POST /v1/queues/:kind/resume": {
    path: () => "/v1/queues/image_generation/resume",
    body: () => ({}),
    code: "forbidden",
  },
  "DELETE /v1/queues/hold": { path: () => "/v1/queues/hold", code: "forbidden" },
  "GET /v1/retention": { path: () => "/v1/retention", code: null },
  "PUT /v1/retention/:ownerId": {
    path: () => "/v1/retention/operator",
    body: () => ({ days: 1 }),
    code: "forbidden",
  },
  "DELETE /v1/retention/:ownerId": { path: () => "/v1/retention/operator", code: "forbidden" },
  "GET /v1/budgets": { path: () => "/v1/budgets", code: null },
  "PUT /v1/budgets/:ownerId/:period": {
    path: () => "/v1/budgets/operator/day",
    body: () => ({ neurons: 1 }),
    code: "forbidden",
  },
  "DELETE /v1/budgets/:ownerId/:period": { path: () => "/v1/budgets/operator/day", code: "forbidden" },
  "GET /v1/usage": { path: () => "/v1/usage?by=day,model,kind", code: null },
  "GET /v1/archive": { path: () => "/v1/archive", code: "forbidden" },
  "POST /v1/archive": { path: () => "/v1/archive", body: ({ done }) => ({ jobs: [{ job: done }] }), code: "forbidden" },
  "GET /v1/audit": { path: () => "/v1/audit?limit=100", code: null },
  "GET /v1/keys": { path: () => "/v1/keys?limit=100", code: null },
  "GET /v1/keys/self": { path: () => "/v1/keys/self", code: null },
  "POST /v1/keys": {
    path: () => "/v1/keys",
    body: () => ({ label: "a way in", ownerId: "operator", scopes: ["admin"] }),
    code: "forbidden",
  },
  "DELETE /v1/keys/:id": { path: ({ key }) => `/v1/keys/${key}`, code: "key_not_found" },
  "GET /v1/webhooks": { path: () => "/v1/webhooks", code: null },
  "POST /v1/webhooks": {
    path: () => "/v1/webhooks",
    body: () => ({ url: OWN_HOOK, events: ["job.cancelled"] }),
    code: null,
  },
  "GET /v1/webhooks/:id": { path: ({ webhook }) => `/v1/webhooks/${webhook}`, code: "webhook_not_found" },
  "PATCH /v1/webhooks/:id": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}`,
    body: () => ({ url: OWN_HOOK }),
    code: "webhook_not_found",
  },
  "DELETE /v1/webhooks/:id": { path: ({ webhook }) => `/v1/webhooks/${webhook}`, code: "webhook_not_found" },
  "POST /v1/webhooks/:id/rotate": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}/rotate`,
    code: "webhook_not_found",
  },
  "POST /v1/webhooks/:id/test": { path: ({ webhook }) => `/v1/webhooks/${webhook}/test`, code: "webhook_not_found" },
  "GET /v1/webhooks/:id/deliveries": {
    path: ({ webhook }) => `/v1/webhooks/${webhook}/deliveries`,
    code: "webhook_not_found",
  },
  "POST /v1/webhooks/:id/deliveries/:deliveryId/replay": {
    path: ({ webhook, delivery }) => `/v1/webhooks/${webhook}/deliveries/${delivery}/replay`,
    code: "webhook_not_found",
  },
  // Each key has its own.
  "GET /v1/webhooks/secret": { path: () => "/v1/webhooks/secret", code: null },
  "POST /v1/webhooks/secret/rotate": { path: () => "/v1/webhooks/secret/rotate", code: null },
  "GET /openai/v1/models": { path: () => "/openai/v1/models", code: null },
  "GET /openai/v1/models/:id{.+}": { path: () => "/openai/v1/models/@cf/openai/whisper", code: null },
  "POST /openai/v1/embeddings": {
    path: () => "/openai/v1/embeddings",
    body: () => ({ model: "bge-m3", input: "my own words" }),
    code: null,
  },
  "POST /openai/v1/audio/transcriptions": {
    path: () => "/openai/v1/audio/transcriptions",
    body: recordingForm,
    code: null,
  },
  "POST /openai/v1/audio/translations": {
    path: () => "/openai/v1/audio/translations",
    body: recordingForm,
    code: null,
  },
  // The operator has paused pictures, so the call would wait. A prompt does not name a resource.
  "POST /openai/v1/images/generations": {
    path: () => "/openai/v1/images/generations",
    body: () => ({ prompt: "a harbour", model: "none" }),
    code: "model_not_found",
  },
  "POST /openai/v1/chat/completions": {
    path: () => "/openai/v1/chat/completions",
    body: () => ({ model: "fast", messages: [{ role: "user", content: "What do they say?" }] }),
    code: null,
  },
  "POST /openai/v1/responses": {
    path: () => "/openai/v1/responses",
    body: () => ({ model: "fast", input: "What do they say?" }),
    code: null,
  },
  "GET /replicate/v1/models": { path: () => "/replicate/v1/models", code: null },
  "QUERY /replicate/v1/models": { path: () => "/replicate/v1/models", code: null },
  "GET /replicate/v1/models/:owner/:name/versions": {
    path: () => "/replicate/v1/models/openai/whisper/versions",
    code: null,
  },
  "GET /replicate/v1/models/:owner/:name/versions/:version": {
    path: () => "/replicate/v1/models/openai/whisper/versions/none",
    code: "No such version",
  },
  "GET /replicate/v1/models/:owner/:name": { path: () => "/replicate/v1/models/openai/whisper", code: null },
  "POST /replicate/v1/models/:owner/:name/predictions": {
    path: () => "/replicate/v1/models/openai/whisper/predictions",
    body: ({ file }) => ({ input: { audio: file } }),
    code: INVALID_INPUT,
  },
  "GET /replicate/v1/predictions": { path: () => "/replicate/v1/predictions", code: null },
  "POST /replicate/v1/predictions": {
    path: () => "/replicate/v1/predictions",
    body: ({ file }) => ({ version: "openai/whisper", input: { audio: file } }),
    code: INVALID_INPUT,
  },
  "GET /replicate/v1/predictions/:id": {
    path: ({ prediction }) => `/replicate/v1/predictions/${prediction}`,
    code: NO_PREDICTION,
  },
  "POST /replicate/v1/predictions/:id/cancel": {
    path: ({ prediction }) => `/replicate/v1/predictions/${prediction}/cancel`,
    code: NO_PREDICTION,
  },
  "POST /replicate/v1/files": { path: () => "/replicate/v1/files", body: fileForm, code: null },
  "GET /replicate/v1/files": { path: () => "/replicate/v1/files", code: null },
  "GET /replicate/v1/files/:id": { path: ({ file }) => new URL(file).pathname, code: NO_FILE },
  "DELETE /replicate/v1/files/:id": { path: ({ file }) => new URL(file).pathname, code: NO_FILE },
  "GET /replicate/v1/account": { path: () => "/replicate/v1/account", code: null },
  "GET /replicate/v1/webhooks/default/secret": { path: () => "/replicate/v1/webhooks/default/secret", code: null },
};
