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

/** What a client notes down about a job, to find it by. */
export interface Marks {
  readonly tags?: string[];
  readonly metadata?: Record<string, string>;
}

/** An upload that goes straight into the bucket. */
export interface PendingUpload {
  readonly id: string;
  readonly key: string;
  readonly expiresAt: string;
  readonly method: "single" | "multipart";
  readonly partSizeBytes?: number;
  /** What was reported as stored. */
  readonly storedParts?: readonly StoredPart[];
}

/** Where to put its bytes: one URL, or one for each part. `headers` go with every PUT. */
export interface UploadTicket extends PendingUpload {
  readonly url?: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts?: readonly TicketPart[];
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

export type WebhookEvent = "job.completed" | "job.failed" | "job.cancelled";

export interface WebhookRequest {
  readonly url: string;
  /** All of them if left out. */
  readonly events?: readonly WebhookEvent[];
  readonly description?: string;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  readonly disabled: { readonly since: string; readonly reason: string } | null;
  readonly createdAt: string;
}

/** The secret that signs deliveries, which is shown this once. */
export interface Secret {
  readonly secret: string;
}

export type CreatedWebhook = Webhook & Secret;

export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly jobId: string | null;
  readonly state: "pending" | "running" | "retrying" | "delivered" | "failed" | "cancelled";
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly response: { readonly code: number; readonly body: string | null } | null;
  readonly payload: unknown;
  readonly createdAt: string;
}

export interface KeyRequest {
  readonly label: string;
  readonly scopes: readonly string[];
  readonly expiresInDays?: number;
  /** For whom; yourself if left out. */
  readonly ownerId?: string;
  readonly maxConcurrentJobs?: number;
  readonly maxUploadBytesADay?: number;
}

export interface ApiKey {
  readonly id: string;
  readonly ownerId: string;
  readonly label: string;
  readonly state: "active" | "expired" | "revoked";
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** With the key itself, which is shown this once. */
export type CreatedKey = ApiKey & { readonly key: string };
