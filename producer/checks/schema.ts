import * as z from "zod";

export const CHECKS = ["presigned_uploads", "notification_rule", "vectorize", "setup_token"] as const;

/** A part of a deployment that Darkroom runs without, and what is to be done about it. */
export const Check = z
  .object({
    name: z.enum(CHECKS),
    state: z.enum(["ok", "missing", "unknown"]),
    detail: z.string(),
    commands: z.array(z.string()).describe("what to run, in order; none where nothing is to be done"),
  })
  .meta({ id: "DeploymentCheck" });
export type Check = z.infer<typeof Check>;

export const CheckList = z.object({ checks: z.array(Check) });
export type CheckList = z.infer<typeof CheckList>;
