import * as z from "zod";

import { ACTS } from "../../shared/keys/acts.ts";
import { NextCursor, Time } from "../http/time.ts";

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
