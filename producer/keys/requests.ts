// What is asked about owners: their keys, and their budgets.
import * as z from "zod";

import { BUDGET_PERIODS } from "../../shared/cost/budget-period.ts";
import { EVERYBODY } from "../../shared/db/cost/usage.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";
import { neurons } from "../../shared/jobs/terms.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { PageQuery } from "../jobs/requests.ts";

export const OwnerId = boundedText({
  max: 100,
  pattern: [/^[\w.:@-]{1,100}$/, "up to 100 letters, digits and _ . : @ -"],
});

/** What the whole account is called where an owner could be. */
export const ACCOUNT = "account";

/** The path of `/v1/budgets/{ownerId}/{period}`. */
export const BudgetPath = z.strictObject({
  ownerId: OwnerId.transform((ownerId) => (ownerId === ACCOUNT ? EVERYBODY : ownerId)),
  period: z.enum(BUDGET_PERIODS),
});

/** The body of `PUT /v1/budgets/{ownerId}/{period}`. */
export const BudgetRequest = z.strictObject({
  neurons: neurons(
    "a budget is above 0: to stop work pause its kinds or revoke the owner's keys, to lift a budget delete it",
  ),
  letsHighThrough: z.boolean().default(false),
});

/** The path of `/v1/retention/{ownerId}`. */
export const RetentionPath = z.strictObject({
  ownerId: OwnerId.refine((ownerId) => ownerId !== ACCOUNT, "the account's is the variable RETENTION_DAYS"),
});

/** The body of `PUT /v1/retention/{ownerId}`. */
export const RetentionRequest = z.strictObject({ days: z.int().min(1).max(3650) });

/** The body of `POST /v1/keys`. */
export const KeyRequest = z.strictObject({
  label: boundedText({ max: 100, min: 1, trim: true }),
  ownerId: OwnerId.refine((ownerId) => ownerId !== ACCOUNT, "the name of the whole account").optional(),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .transform((scopes) => SCOPES.filter((scope) => scopes.includes(scope))),
  expiresInDays: z.int().min(1).max(3650).optional(),
  maxConcurrentJobs: z.int().min(1).max(10_000).optional(),
  maxUploadBytesADay: z.int().min(1).optional(),
  /** Of one upload. */
  maxUploadBytes: z.int().min(1).optional(),
  /** Prefixes of content types that it may upload, such as `audio/`. */
  contentTypes: z
    .array(boundedText({ max: 100, min: 1 }))
    .min(1)
    .max(20)
    .optional(),
});

/** The query of `DELETE /v1/keys/{id}`: what becomes of the endpoints that the key registered. */
export const RevokeQuery = z.strictObject({ webhooks: z.enum(["disable", "keep"]).default("disable") });

/** The query of `GET /v1/keys`. */
export const KeyQuery = PageQuery.extend({ ownerId: OwnerId.optional() });
