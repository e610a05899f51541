/** What a client asks for and polls. */
export const JOB_KINDS = ["transcription", "image_generation", "classification"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_STATES = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A random job id: for work that a client asks for by hand, however often it asks. */
export function randomJobId(): string {
  return `job_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** The one job id of an upload: announced twice, or by event and API at once, it is the same job. */
export async function uploadJobId(upload: { bucket: string; key: string; etag: string }): Promise<string> {
  const identity = new TextEncoder().encode(JSON.stringify([upload.bucket, upload.key, upload.etag]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", identity));
  return `job_${digest.subarray(0, 16).toHex()}`;
}
