// Names for the Worker's views, and types for answers that have no view there. Everything here is a type, except one list.
import type * as z from "zod";

import type * as requests from "../producer/keys/requests.ts";
import type * as cost from "../producer/usage/schema.ts";
import type * as links from "../producer/links/schema.ts";
import type * as archive from "../producer/archive/schema.ts";
import type * as jobs from "../producer/jobs/schema.ts";
import type * as keys from "../producer/keys/schema.ts";
import type * as uploads from "../producer/uploads/schema.ts";
import type * as retention from "../producer/retention/schema.ts";
import type * as transcripts from "../producer/transcripts/schema.ts";
import type * as webhooks from "../producer/webhooks/schema.ts";
import type { endpointEdit, endpointRequest } from "../producer/webhooks/requests.ts";
import type { Issue, ProblemFields } from "./error.ts";
import type { Job } from "./types.ts";

/** One result of `POST /v1/jobs/batch`: the job, or why it was refused. */
export interface BatchResult {
  readonly index: number;
  readonly status: number;
  readonly job?: Job;
  readonly problem?: ProblemFields & { readonly issues?: readonly Issue[] };
}

/** One result of a batch's dry run: what the job would cost, or why it would be refused. */
export interface PricedResult {
  readonly index: number;
  readonly status: number;
  readonly estimate?: Estimate | null;
  readonly problem?: BatchResult["problem"];
}

/** The answer to a deletion: what happened to the job's source. */
export type DeletedJob = jobs.DeletedJob;

/** A part of a job for which a link is requested. */
export type WantedLink = z.input<typeof links.LinksRequest>["links"][number];
export type SignedLink = links.SignedLink;

export type TranscriptVersion = transcripts.TranscriptVersion;

export type Retention = retention.Retention;
export type RetentionList = retention.RetentionList;

/** An ended job as a line that another deployment imports. */
export type ExportedJob = z.infer<typeof archive.ExportPage>["jobs"][number];

/** The result of a line. */
export type ImportResult = archive.ImportAnswer["results"][number];

export type Estimate = cost.Estimate;

/** What a job would cost (null if it cannot be estimated), and today's free neurons. */
export type DryRunEstimate = cost.JobDryRun;

export type Usage = cost.UsageAnswer;

export type UsageGroup = "day" | "model" | "kind" | "owner";

/** Days are UTC dates such as `2026-11-23`; both ends are included. */
export interface UsageQuery {
  readonly from?: string;
  readonly to?: string;
  /** The default is `day`. */
  readonly by?: readonly UsageGroup[];
  /** Operator only. */
  readonly ownerId?: string;
}

export type Receipt = cost.Receipt;

export const JOB_EVENTS = ["state", "progress", "segment", "done"] as const;

/** An event in the life of a job, in order. A stream can resume after `id`. */
export interface JobEvent {
  readonly id: string;
  readonly type: (typeof JOB_EVENTS)[number];
  readonly data: Readonly<Record<string, unknown>>;
}

/** An upload that goes directly into the bucket. */
export type PendingUpload = uploads.PendingUpload;

/** Where to send the bytes: one URL, or one for each part. Send `headers` with every PUT. */
export type UploadTicket = PendingUpload & { readonly headers: Readonly<Record<string, string>> };

export type TicketPart = uploads.SignedPart;

/** A part that is stored in the bucket. */
export type StoredPart = uploads.StoredPart;

export type WebhookEvent = Webhook["events"][number];

/** An endpoint without a list of events gets all of them. */
export type WebhookRequest = z.input<ReturnType<typeof endpointRequest>>;
export type WebhookChange = z.input<ReturnType<typeof endpointEdit>>;

export type Webhook = webhooks.Webhook;

/** The secret that signs deliveries. It is shown only once. */
export type Secret = webhooks.WebhookSecret;

export type CreatedWebhook = webhooks.CreatedWebhook;

export type Delivery = webhooks.Delivery;

export type KeyRequest = z.input<typeof requests.KeyRequest>;

/** What happens to the endpoints that the key registered. By default they are disabled. */
export type RevokeQuery = z.input<typeof requests.RevokeQuery>;

export type ApiKey = keys.ApiKey;

/** The key that makes the call. */
export type OwnKey = keys.OwnKey;

/** The key, with the endpoints that it had registered. */
export type RevokedKey = keys.RevokedKey;

/** The key with its secret text, which is shown only once. */
export type CreatedKey = keys.CreatedKey;
