import type { JobKind } from "../../kinds/index.ts";
import type { ArtifactRow, LabelRow } from "../../jobs/job-detail.ts";
import { latestKeyOf, latestVersionOf } from "../transcripts/versions.ts";

/** A job's input, and its results so far. */
export interface JobContents {
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  /** The key of a transcript that people have edited is that of their latest version. */
  readonly artifacts: readonly ArtifactRow[];
  /** Which version that is: 0 for the original. */
  readonly transcriptVersion: number;
  /** Best first. */
  readonly labels: readonly LabelRow[];
}

/** For the job's own tasks: whose it is was asked when it was submitted. Null for a job that is gone. */
export async function readJobContents(db: D1Database, jobId: string): Promise<JobContents | null> {
  const of = (sql: string) => db.prepare(sql).bind(jobId);
  const [jobs, artifacts, labels] = await db.batch<never>([
    of(
      `SELECT owner_id AS ownerId, kind, input, ${latestVersionOf("?1")} AS transcriptVersion FROM jobs WHERE id = ?1`,
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
