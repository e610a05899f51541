import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { ACTS } from "../../shared/keys/acts.ts";
import { PageQuery } from "../http/page-query.ts";
import { NextCursor, Time } from "../http/time.ts";

/** The query of `GET /v1/audit`. */
export const AuditQuery = PageQuery.extend({
  subject: boundedText({ max: 300, min: 1 }).optional(),
  act: z.enum(ACTS).optional(),
});

export const AuditEntry = z
  .object({
    id: z.string(),
    at: Time,
    actor: z.string(),
    act: z.enum(ACTS),
    subject: z.string(),
    detail: z.unknown(),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.object({ audit: z.array(AuditEntry), nextCursor: NextCursor });

// What the document's examples show. A test checks each of them against the schemas.

export const AUDIT = {
  audit: [
    {
      id: "au_1e9f8982f32f47d688ecfee7aa6626b2",
      at: "2026-11-30T09:00:46.175Z",
      actor: "key:k5849e0b6923ef46f",
      act: "redrive.create",
      subject: "rd_e41ed469328645d88f9fb77d99f9bb5c",
      detail: { filter: { code: "invalid_model_input" }, limit: 1000, ratePerSecond: 10, canary: true },
    },
  ],
  nextCursor: "MTc5NTk5OTQ4NjE3NTphdV8xZTlmODk4MmYzMmY0N2Q2ODhlY2ZlZTdhYTY2MjZiMg",
};
