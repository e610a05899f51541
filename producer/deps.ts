import type { SubmitDeps } from "./submit-job.ts";

/** What submitting a job may touch, out of all bindings. */
export function submitDeps(env: Env): SubmitDeps {
  return {
    db: env.DB,
    media: env.MEDIA,
    mediaBucket: env.MEDIA_BUCKET,
    tasks: env.TASKS,
    operatorId: env.OPERATOR_ID,
    ringGraceMs: Number(env.RING_GRACE_SECONDS) * 1000,
  };
}
