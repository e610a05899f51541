import type { jobView } from "../producer/job-view.ts";

/** What the API answers for a job. */
export type JobView = ReturnType<typeof jobView>;
