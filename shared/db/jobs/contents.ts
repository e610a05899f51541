import type { JobKind } from "../../kinds/index.ts";
import type { ArtifactRow, LabelRow } from "../../jobs/job-detail.ts";
import { latestKeyOf, latestVersionOf } from "../transcripts/versions.ts";

/** A job's input, and its results so far. */
export interface JobContents {
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  /** If people have edited the transcript, its key is that of their latest version. */
  readonly artifacts: readonly ArtifactRow[];
  /** The version of that transcript: 0 for the original. */
  readonly transcriptVersion: number;
  /** The best label first. */
  readonly labels: readonly LabelRow[];
}

/** Read a job's contents for its own tasks. The owner was checked when the job was submitted. Null for a job that is gone or archived. */
export async function readJobContents(db: D1Database, jobId: string): Promise<JobContents | null> {
  const of = (sql: string) => db.prepare(sql).bind(jobId);
  const [jobs, artifacts, labels] = await db.batch<never>([
    of(
      `SELECT owner_id AS ownerId, kind, input, ${latestVersionOf("?1")} AS transcriptVersion FROM jobs WHERE id = ?1 AND archive_id IS NULL`,
    ),
    of(
      `SELECT name, iif(name = 'transcript.json', coalesce(${latestKeyOf("?1")}, key), key) AS key,
              content_type AS contentType, size_bytes AS sizeBytes
         FROM artifacts WHERE job_id = ?1 ORDER BY name`,
    ),
    of(`SELECT label, score FROM job_labels WHERE job_id = ?1 ORDER BY score DESC, label`),
  ]);
  const job: Omit<JobContents, "artifacts" | "labels"> | undefined = jobs?.results[0];
  if (job === undefined) return null;
  const { ownerId, kind, input, transcriptVersion } = job;
  const results = { artifacts: artifacts?.results ?? [], labels: labels?.results ?? [] };
  return { ownerId, kind, input, transcriptVersion, ...results };
}
