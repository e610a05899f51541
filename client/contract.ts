// Answers for which the Worker has no view to infer from.
import type { Issue, ProblemFields } from "./error.ts";
import type { Job } from "./types.ts";

/** One of `POST /v1/jobs/batch`: the job, or why there is none. */
export interface BatchResult {
  readonly index: number;
  readonly status: number;
  readonly job?: Job;
  readonly problem?: ProblemFields & { readonly issues?: readonly Issue[] };
}

export const JOB_EVENTS = ["state", "progress", "segment", "done"] as const;

/** Something that happened to a job, in order. `id` is where a stream can be taken up again. */
export interface JobEvent {
  readonly id: string;
  readonly type: (typeof JOB_EVENTS)[number];
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where to put an upload's bytes: one URL, or one for each part. */
export interface UploadTicket {
  readonly id: string;
  readonly key: string;
  readonly expiresAt: string;
  readonly method: "single" | "multipart";
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: readonly TicketPart[];
  readonly partSizeBytes: number | null;
}

export interface TicketPart {
  readonly number: number;
  readonly url: string;
  readonly sizeBytes: number;
}

/** A part that the bucket has taken. */
export interface StoredPart {
  readonly number: number;
  readonly etag: string;
}

export interface WebhookRequest {
  readonly url: string;
  /** `job.completed`, `job.failed` …; all of them if left out. */
  readonly events?: readonly string[];
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly createdAt: string;
}

/** With the secret that signs its deliveries, which is shown this once. */
export type CreatedWebhook = Webhook & { readonly secret: string };

export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly state: string;
  readonly createdAt: string;
}

export interface KeyRequest {
  readonly label: string;
  readonly scopes: readonly string[];
  readonly expiresInDays?: number;
  /** For whom; yourself if left out. */
  readonly ownerId?: string;
}

export interface ApiKey {
  readonly id: string;
  readonly ownerId: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** With the key itself, which is shown this once. */
export type CreatedKey = ApiKey & { readonly key: string };
