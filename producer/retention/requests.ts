import * as z from "zod";

import { ACCOUNT, OwnerId } from "../../shared/keys/owner-id.ts";

/** The path of `/v1/retention/{ownerId}`. */
export const RetentionPath = z.strictObject({
  ownerId: OwnerId.refine(
    (ownerId) => ownerId !== ACCOUNT,
    "the retention of the whole account is the variable RETENTION_DAYS; name an owner",
  ),
});

/** The body of `PUT /v1/retention/{ownerId}`. */
export const RetentionRequest = z.strictObject({ days: z.int().min(1).max(3650) });
