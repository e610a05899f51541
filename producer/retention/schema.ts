import * as z from "zod";

import { Time } from "../http/time.ts";

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
