import type { jobView } from "../producer/jobs/view.ts";

/** The API's view of a job. */
export type JobView = ReturnType<typeof jobView>;
