import * as z from "zod";

import { ACCOUNT, OwnerId } from "../../shared/keys/owner-id.ts";
import { Time } from "../http/time.ts";

/** The path of `/v1/retention/{ownerId}`. */
export const RetentionPath = z.strictObject({
  ownerId: OwnerId.refine(
    (ownerId) => ownerId !== ACCOUNT,
    "the retention of the whole account is the variable RETENTION_DAYS; name an owner",
  ),
});

/** The body of `PUT /v1/retention/{ownerId}`. */
export const RetentionRequest = z.strictObject({ days: z.int().min(1).max(3650) });

/** How long an owner's ended jobs are kept. */
export const Retention = z
  .object({
    ownerId: z.string(),
    days: z.int(),
    setAt: Time,
  })
  .meta({ id: "Retention" });
export type Retention = z.infer<typeof Retention>;

export const RetentionList = z.object({
  days: z.int().describe("the default, for owners without a retention of their own"),
  retentions: z.array(Retention),
});
export type RetentionList = z.infer<typeof RetentionList>;

// What the document's examples show. A test checks each of them against the schemas.

export const RETENTION = { ownerId: "newsroom", days: 90, setAt: "2026-11-30T09:00:45.694Z" };

export const RETENTIONS = { days: 30, retentions: [RETENTION] };

export const RETENTION_REQUEST = { days: 90 };
