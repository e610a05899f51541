// The layout of the bucket. Results never go under the inbox, so a result cannot trigger a job.

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
