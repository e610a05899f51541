export const JOB_STATES = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A random job id: for work that a client asks for by hand, however often it asks. */
export function randomJobId(): string {
  return `job_${crypto.randomUUID().replaceAll("-", "")}`;
}
