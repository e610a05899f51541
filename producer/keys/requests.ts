import * as z from "zod";

import { SCOPES } from "../../shared/keys/scopes.ts";
import { ACCOUNT, OwnerId } from "../../shared/keys/owner-id.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { PageQuery } from "../http/page-query.ts";

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
  /** The largest upload. */
  maxUploadBytes: z.int().min(1).optional(),
  /** Prefixes of content types that it may upload, such as `audio/`. */
  contentTypes: z
    .array(boundedText({ max: 100, min: 1 }))
    .min(1)
    .max(20)
    .optional(),
});

/** The query of `DELETE /v1/keys/{id}`: whether to keep the endpoints that the key registered. */
export const RevokeQuery = z.strictObject({ webhooks: z.enum(["disable", "keep"]).default("disable") });

/** The query of `GET /v1/keys`. */
export const KeyQuery = PageQuery.extend({ ownerId: OwnerId.optional() });
