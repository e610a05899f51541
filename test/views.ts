import type { jobView } from "../producer/jobs/view.ts";

/** What the API answers for a job. */
export type JobView = ReturnType<typeof jobView>;
