import type { JobKind } from "../../kinds/index.ts";
import type { JobState } from "../../jobs/job.ts";
import type { EditRecord } from "../../restoring/edits.ts";
import { returning, type Statement, transact } from "../transact.ts";
import { KEPT_VERSIONS, type TranscriptVersion } from "../../transcripts/version.ts";

const COLUMNS = `v.version, v.key, v.etag, v.original_etag AS originalEtag, v.request_hash AS requestHash,
                 v.key_id AS keyId, v.operations, v.reverted_to AS revertedTo, v.created_at AS createdAt`;

/** SQL: the key of the latest version of the transcript of job `job` (a column); null if the transcript was never edited. */
export const latestKeyOf = (job: string) =>
  `(SELECT v.key FROM transcript_versions v WHERE v.job_id = ${job} ORDER BY v.version DESC LIMIT 1)`;

/** SQL: the number of that version; 0 for the original. */
export const latestVersionOf = (job: string) =>
  `coalesce((SELECT max(v.version) FROM transcript_versions v WHERE v.job_id = ${job}), 0)`;

/** Find the latest version of a transcript, or the one with this number; null if there is none. */
export async function findVersion(
  db: D1Database,
  jobId: string,
  version: number | "latest",
): Promise<TranscriptVersion | null> {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM transcript_versions v
        WHERE v.job_id = ?1 AND (?2 IS NULL OR v.version = ?2) ORDER BY v.version DESC LIMIT 1`,
    )
    .bind(jobId, version === "latest" ? null : version)
    .first<TranscriptVersion>();
}

/** What exists of a job's transcript. */
export interface TranscriptState {
  readonly kind: JobKind;
  readonly state: JobState;
  /** Epoch milliseconds. */
  readonly endedAt: number | null;
  /** Null if its task has not ended. */
  readonly original: { readonly key: string; readonly etag: string } | null;
  readonly latest: TranscriptVersion | null;
}

interface StateRow {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly endedAt: number | null;
  readonly artifactKey: string | null;
  readonly artifactEtag: string | null;
}

/** Read the state of a job's transcript; null if this owner has no such job, or if it is archived. */
export async function readTranscriptState(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
): Promise<TranscriptState | null> {
  const row = await db
    .prepare(
      `SELECT j.kind, j.state, j.finalized_at AS endedAt, a.key AS artifactKey, a.etag AS artifactEtag, ${COLUMNS}
         FROM jobs j
         LEFT JOIN artifacts a ON a.job_id = j.id AND a.name = 'transcript.json'
         LEFT JOIN transcript_versions v ON v.job_id = j.id AND v.version = ${latestVersionOf("j.id")}
        WHERE j.id = ?1 AND j.owner_id = ?2 AND j.archive_id IS NULL`,
    )
    .bind(job.id, job.ownerId)
    .first<StateRow & (TranscriptVersion | { readonly version: null })>();
  if (row === null) return null;
  const { kind, state, endedAt, artifactKey, artifactEtag, ...latest } = row;
  const original = artifactKey === null || artifactEtag === null ? null : { key: artifactKey, etag: artifactEtag };
  return { kind, state, endedAt, original, latest: latest.version === null ? null : latest };
}

/** List versions, the latest first. */
export async function listVersions(db: D1Database, jobId: string): Promise<readonly TranscriptVersion[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM transcript_versions v WHERE v.job_id = ?1 ORDER BY v.version DESC`)
    .bind(jobId)
    .all<TranscriptVersion>();
  return results;
}

/** Note that the object of a version is about to be stored: until its row is, no row names the object. */
export async function noteEditing(db: D1Database, jobId: string, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO edited_jobs (job_id, begun_at) SELECT id, ?2 FROM jobs WHERE id = ?1 ON CONFLICT (job_id) DO NOTHING`,
    )
    .bind(jobId, now)
    .run();
}

/**
 * SQL for what is written in the same batch as a version: whether the stored version is the one with this key. `job`, `version`
 * and `key` are parameters.
 */
export const isStored = (job: string, version: string, key: string) =>
  `EXISTS (SELECT 1 FROM transcript_versions v WHERE v.job_id = ${job} AND v.version = ${version} AND v.key = ${key})`;

/**
 * Store a version after the one that it was made from, with all that follows from it (`alongside`, guarded by `isStored`).
 * Nothing is stored if another version was stored in the meantime, if the original was written again, or if the job is gone.
 * @returns null if nothing was stored; else the keys of versions that are no longer kept, and the tasks that are ready.
 */
export async function storeVersion(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
  made: TranscriptVersion,
  alongside: readonly Statement<Stored>[],
): Promise<{ readonly forgottenKeys: readonly string[]; readonly opened: readonly string[] } | null> {
  const inserting = db
    .prepare(
      `INSERT INTO transcript_versions
         (job_id, version, owner_id, key, etag, original_etag, request_hash, key_id, operations, reverted_to, created_at)
       SELECT j.id, ?3, j.owner_id, ?4, ?5, a.etag, ?7, ?8, ?9, ?10, ?11
         FROM jobs j JOIN artifacts a ON a.job_id = j.id AND a.name = 'transcript.json' AND a.etag = ?6
        WHERE j.id = ?1 AND j.owner_id = ?2 AND ${latestVersionOf("j.id")} = ?3 - 1`,
    )
    .bind(
      job.id,
      job.ownerId,
      made.version,
      made.key,
      made.etag,
      made.originalEtag,
      made.requestHash,
      made.keyId,
      made.operations,
      made.revertedTo,
      made.createdAt,
    );
  const forgetting = db
    .prepare(`DELETE FROM transcript_versions WHERE job_id = ?1 AND version <= ?2 - ${KEPT_VERSIONS} RETURNING key`)
    .bind(job.id, made.version);
  const parts = await transact<Stored>(db, [
    returning(inserting, (_, count) => ({ isStored: count > 0 })),
    ...alongside,
    returning(forgetting, (rows: readonly { key: string }[]) => ({ forgottenKeys: rows.map(({ key }) => key) })),
  ]);
  if (!parts.some(({ isStored: is }) => is === true)) return null;
  return {
    forgottenKeys: parts.flatMap(({ forgottenKeys = [] }) => forgottenKeys),
    opened: parts.flatMap(({ opened = [] }) => opened),
  };
}

/** What the statements that store a version return. */
export interface Stored {
  readonly isStored?: boolean;
  readonly forgottenKeys?: readonly string[];
  readonly opened?: readonly string[];
}

/** Insert versions that the database has forgotten, except those of jobs that were deleted. @returns how many were new. */
export async function insertVersions(db: D1Database, edits: readonly EditRecord[]): Promise<number> {
  if (edits.length === 0) return 0;
  const { meta } = await db
    .prepare(
      `INSERT INTO transcript_versions
         (job_id, version, owner_id, key, etag, original_etag, request_hash, key_id, operations, reverted_to, created_at)
       SELECT e.value ->> 'jobId', e.value ->> 'version', e.value ->> 'ownerId', e.value ->> 'key', e.value ->> 'etag',
              e.value ->> 'originalEtag', e.value ->> 'requestHash', e.value ->> 'keyId', e.value ->> 'operations',
              e.value ->> 'revertedTo', e.value ->> 'createdAt'
         FROM json_each(?1) e
        WHERE NOT EXISTS (SELECT 1 FROM tombstones d
                           WHERE d.job_id = e.value ->> 'jobId' AND d.deleted_at > e.value ->> 'createdAt')
       ON CONFLICT (job_id, version) DO NOTHING`,
    )
    .bind(JSON.stringify(edits))
    .run();
  return meta.changes;
}

/** Delete the versions of jobs (SQL of our own that gives their ids), in the batch that deletes the jobs. */
export function deleteVersionsOf(db: D1Database, jobs: string, parameters: readonly unknown[]): D1PreparedStatement {
  return db.prepare(`DELETE FROM transcript_versions WHERE job_id IN (${jobs})`).bind(...parameters);
}
