// The layout of the bucket. Results never go under the inbox, so a result cannot trigger a job.
import { MAX_KEY_BYTES } from "../limits.ts";
import { boundedText } from "../input/bounded-text.ts";
import { MINUTE_MS } from "../durations.ts";

/** The key of an object that a client named. */
export const ObjectKey = boundedText({ max: MAX_KEY_BYTES, min: 1 }).refine(
  (key) => new TextEncoder().encode(key).length <= MAX_KEY_BYTES,
  `a key has at most ${MAX_KEY_BYTES} bytes`,
);

/** The one bucket, by its binding: each account chooses the bucket's real name. Part of every upload's identity. */
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

/** Keys that Darkroom gives out, one for each upload: each becomes one job, even if other bytes are put there later. */
export const UPLOADS_PREFIX = `${INBOX_PREFIX}uploads/`;

/** Return the key of a client's upload. Its own id keeps two uploads of the same name apart. */
export function uploadKey(uploadId: string, fileName: string): string {
  return `${UPLOADS_PREFIX}${uploadId}/${fileName}`;
}

/** The custom metadata of an upload that names the API key it was stored or announced with. */
export const KEY_ID = "key-id";

/** Return the id in an upload's key; null for any other key. */
export function uploadIdOf(key: string): string | null {
  if (!key.startsWith(UPLOADS_PREFIX)) return null;
  return key.slice(UPLOADS_PREFIX.length).split("/", 1)[0] ?? null;
}

/** Return the prefix of everything that a job ever stored. */
export function resultsPrefix(jobId: string): string {
  return `${RESULTS_PREFIX}${jobId}/`;
}

/** The attempt is in the key, so that a consumer that lost its lease cannot overwrite its successor's result. */
export function artifactKey(jobId: string, attempt: number, name: string): string {
  return `${resultsPrefix(jobId)}${attempt}/${name}`;
}

/**
 * Return the key of a version of a job's transcript. The request's hash is in it: two saves at the same moment do not overwrite
 * each other.
 */
export function versionKey(jobId: string, version: number, hash: string): string {
  return `${resultsPrefix(jobId)}edits/${version}-${hash}.json`;
}

/** Files that clients of the OpenAI and Replicate dialects sent: their jobs read them, and they are deleted after the retention. */
export const FILES_PREFIX = "files/";

export function fileKey(fileId: string): string {
  return `${FILES_PREFIX}${fileId}`;
}

/** Records that the product itself keeps in the bucket, in case the database is set back (docs/operations.md). */
const SYSTEM_PREFIX = "system/";
/** When maintenance last ran. */
export const CLOCK_KEY = `${SYSTEM_PREFIX}clock`;
/** Descriptions of jobs that no object of the inbox describes. */
export const RECORDS_PREFIX = `${SYSTEM_PREFIX}described/`;
/** Which jobs were deleted. */
export const DELETED_PREFIX = `${SYSTEM_PREFIX}deleted/`;
/** Which jobs reuse the result of another. */
export const REUSED_PREFIX = `${SYSTEM_PREFIX}reused/`;

/** The contents of old jobs: many lines in an object (docs/decisions/archive.md). */
const ARCHIVES_PREFIX = `${SYSTEM_PREFIX}archives/`;

/** Return the key of an object with lines of archived jobs. */
export function archiveKey(archiveId: string): string {
  return `${ARCHIVES_PREFIX}${archiveId}`;
}

/** Which versions of transcripts people have stored. */
export const EDITED_PREFIX = `${SYSTEM_PREFIX}edited/`;

/** Times in keys have this many hexadecimal digits, so that the order of keys is the order of time. */
const TIME_DIGITS = 12;

function timeInKey(at: number): string {
  return at.toString(16).padStart(TIME_DIGITS, "0");
}

/** Return the prefix of the records of jobs submitted in this minute. */
export function recordsPrefix(at: number): string {
  return `${RECORDS_PREFIX}${timeInKey(minuteOf(at))}/`;
}

/** Return the key of the record of one minute's jobs, of which this one comes first. */
export function recordKey(first: { createdAt: number; id: string }): string {
  return `${recordsPrefix(first.createdAt)}${timeInKey(first.createdAt)}-${first.id}`;
}

/** Return the key of the record of jobs that reused a result within one minute, of which this one came first. */
export function reusedKey(first: { endedAt: number; jobId: string }): string {
  return `${REUSED_PREFIX}${timeInKey(first.endedAt)}-${first.jobId}`;
}

/** Return the key of the record of a version of a transcript. */
export function editedKey(at: number, jobId: string, version: number): string {
  return `${EDITED_PREFIX}${timeInKey(at)}-${jobId}-${version}`;
}

/** Return the minute in which something happened. */
export function minuteOf(at: number): number {
  return at - (at % MINUTE_MS);
}

export function deletedKey(at: number, jobId: string): string {
  return `${DELETED_PREFIX}${timeInKey(at)}-${jobId}`;
}

/** Return the job of such a key. */
export function deletedJobIn(key: string): string {
  return key.slice(DELETED_PREFIX.length + TIME_DIGITS + 1);
}

/** The ids of prunes begin with it, and those of jobs do not. */
export const PRUNING_PREFIX = "pr_";

/** Return the prune that such a key names; null if it names a job. */
export function prunedIdIn(key: string): string | null {
  const id = deletedJobIn(key);
  return id.startsWith(PRUNING_PREFIX) ? id : null;
}

/** Return a key that comes before everything kept under this prefix from a time on. */
export function keyBefore(prefix: string, at: number): string {
  return `${prefix}${timeInKey(Math.max(0, minuteOf(at)))}`;
}

/** Return when an object was put under one of these prefixes, from its key. */
export function timeIn(key: string, prefix: string): number {
  return Number.parseInt(key.slice(prefix.length, prefix.length + TIME_DIGITS), 16);
}

/** Return when a file was stored, in epoch milliseconds, from its id. Null if the key is not that of a file. */
export function fileStoredAt(key: string): number | null {
  const [, time] = /^files\/file_([0-9a-f]{12})[0-9a-f]{20}$/.exec(key) ?? [];
  return time === undefined ? null : Number.parseInt(time, 16);
}
