// What has a name of its own here: the Worker's views, and what it has no view for. Types alone, but for one list.
import type * as z from "zod";

import type * as requests from "../producer/keys/requests.ts";
import type * as cost from "../producer/usage/schema.ts";
import type * as linkRequests from "../producer/links/requests.ts";
import type * as links from "../producer/links/schema.ts";
import type * as jobs from "../producer/jobs/schema.ts";
import type * as keys from "../producer/keys/schema.ts";
import type * as uploads from "../producer/uploads/pending-schema.ts";
import type * as retention from "../producer/retention/schema.ts";
import type * as transcripts from "../producer/transcripts/schema.ts";
import type * as webhooks from "../producer/webhooks/schema.ts";
import type { endpointEdit, endpointRequest } from "../producer/webhooks/requests.ts";
import type { Issue, ProblemFields } from "./error.ts";
import type { Job } from "./types.ts";

/** One of `POST /v1/jobs/batch`: the job, or why there is none. */
export interface BatchResult {
  readonly index: number;
  readonly status: number;
  readonly job?: Job;
  readonly problem?: ProblemFields & { readonly issues?: readonly Issue[] };
}

/** One of a batch's dry run: what the job would cost, or why there would be none. */
export interface PricedResult {
  readonly index: number;
  readonly status: number;
  readonly estimate?: Estimate | null;
  readonly problem?: BatchResult["problem"];
}

/** What became of a deleted job's source. */
export type DeletedJob = jobs.DeletedJob;

/** What of a job a link is to lead to. */
export type WantedLink = z.input<typeof linkRequests.LinksRequest>["links"][number];
export type SignedLink = links.SignedLink;

export type TranscriptVersion = transcripts.TranscriptVersion;

export type Retention = retention.Retention;
export type RetentionList = retention.RetentionList;

export type Estimate = cost.Estimate;

/** What a job would cost (null where not even a guess can be made), and today's free neurons. */
export type DryRunEstimate = cost.JobDryRun;

export type Usage = cost.UsageAnswer;

export type UsageGroup = "day" | "model" | "kind" | "owner";

/** Days are UTC, `2026-11-23`, both ends included. */
export interface UsageQuery {
  readonly from?: string;
  readonly to?: string;
  /** By day if left out. */
  readonly by?: readonly UsageGroup[];
  /** For the operator. */
  readonly ownerId?: string;
}

export type Receipt = cost.Receipt;

export const JOB_EVENTS = ["state", "progress", "segment", "done"] as const;

/** Something that happened to a job, in order. `id` is where a stream can be taken up again. */
export interface JobEvent {
  readonly id: string;
  readonly type: (typeof JOB_EVENTS)[number];
  readonly data: Readonly<Record<string, unknown>>;
}

/** An upload that goes straight into the bucket. */
export type PendingUpload = uploads.PendingUpload;

/** Where to put its bytes: one URL, or one for each part. `headers` go with every PUT. */
export type UploadTicket = PendingUpload & { readonly headers: Readonly<Record<string, string>> };

export type TicketPart = uploads.SignedPart;

/** A part that the bucket has taken. */
export type StoredPart = uploads.StoredPart;

export type WebhookEvent = Webhook["events"][number];

/** To all events if none are named. */
export type WebhookRequest = z.input<ReturnType<typeof endpointRequest>>;
export type WebhookChange = z.input<ReturnType<typeof endpointEdit>>;

export type Webhook = webhooks.Webhook;

/** The secret that signs deliveries, which is shown this once. */
export type Secret = webhooks.WebhookSecret;

export type CreatedWebhook = webhooks.CreatedWebhook;

export type Delivery = webhooks.Delivery;

export type KeyRequest = z.input<typeof requests.KeyRequest>;

/** What becomes of the endpoints that a key registered: disabled if nothing is said. */
export type RevokeQuery = z.input<typeof requests.RevokeQuery>;

export type ApiKey = keys.ApiKey;

/** The key that calls. */
export type OwnKey = keys.OwnKey;

/** With the endpoints that it had registered. */
export type RevokedKey = keys.RevokedKey;

/** With the key itself, which is shown this once. */
export type CreatedKey = keys.CreatedKey;
