// The layout of the bucket. Results never go under the inbox, so a result cannot trigger a job.

/** The one bucket, by its binding: what it is called in the account is that account's to choose. Part of every upload's identity. */
export const MEDIA_BUCKET = "MEDIA";

export const INBOX_PREFIX = "inbox/";
export const PROMPTS_PREFIX = "inbox/prompts/";
const RESULTS_PREFIX = "results/";

export function isInboxKey(key: string): boolean {
  return key.startsWith(INBOX_PREFIX);
}

export function isResultKey(key: string): boolean {
  return key.startsWith(RESULTS_PREFIX);
}

/** A client's upload: an id of its own keeps two uploads of the same name apart. */
export function uploadKey(uploadId: string, fileName: string): string {
  return `${INBOX_PREFIX}uploads/${uploadId}/${fileName}`;
}

/** All a job ever stored. */
export function resultsPrefix(jobId: string): string {
  return `${RESULTS_PREFIX}${jobId}/`;
}

/** The attempt is in the key: a consumer that lost its lease cannot write over its successor's result. */
export function artifactKey(jobId: string, attempt: number, name: string): string {
  return `${resultsPrefix(jobId)}${attempt}/${name}`;
}

/** What clients of the OpenAI and Replicate dialects sent: read by their jobs, and deleted after the retention. */
export const FILES_PREFIX = "files/";

export function fileKey(fileId: string): string {
  return `${FILES_PREFIX}${fileId}`;
}

/** When a file was stored, in epoch milliseconds: its id begins with that. Null for what is no file of ours. */
export function fileStoredAt(key: string): number | null {
  const [, time] = /^files\/file_([0-9a-f]{12})[0-9a-f]{20}$/.exec(key) ?? [];
  return time === undefined ? null : Number.parseInt(time, 16);
}
