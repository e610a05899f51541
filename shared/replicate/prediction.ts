import type { JobRow } from "../jobs/job-detail.ts";

export const WEBHOOK_EVENTS = ["start", "output", "logs", "completed"] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** A job's request as a prediction. */
export interface Prediction {
  readonly jobId: string;
  readonly ownerId: string;
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly webhook: string | null;
  /** The API key that asked for it, whose secret signs what is sent to the webhook. */
  readonly keyId: string;
  readonly events: readonly WebhookEvent[];
  readonly origin: string;
}

/** The job of a prediction, as a list shows it. */
export type ListedJob = Pick<JobRow, "id" | "state" | "errorMessage" | "createdAt" | "startedAt" | "finalizedAt">;
