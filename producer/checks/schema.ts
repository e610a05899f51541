import * as z from "zod";

export const CHECKS = [
  "presigned_uploads",
  "notification_rule",
  "vectorize",
  "setup_token",
  "access",
  "settings",
] as const;

/** An optional part of a deployment, its state, and how to add it. */
export const Check = z
  .object({
    name: z.enum(CHECKS),
    state: z.enum(["ok", "missing", "unknown"]),
    detail: z.string(),
    commands: z.array(z.string()).describe("the commands to run, in order; empty if there is nothing to do"),
  })
  .meta({ id: "DeploymentCheck" });
export type Check = z.infer<typeof Check>;

export const CheckList = z.object({ checks: z.array(Check) });
export type CheckList = z.infer<typeof CheckList>;

// What the document's examples show. A test checks each of them against the schemas.

export const CHECK_LIST = {
  checks: [
    {
      name: "presigned_uploads",
      state: "ok",
      detail: "Uploads of more than 100 MB go directly into the bucket in parts, and can be resumed.",
      commands: [],
    },
  ],
};
