import type { JobKind } from "../../kinds/index.ts";
import type { ArtifactRow, LabelRow } from "../../jobs/job-detail.ts";

/** A job's input, and its results so far. */
export interface JobContents {
  readonly ownerId: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly input: string;
  readonly artifacts: readonly ArtifactRow[];
  /** Best first. */
  readonly labels: readonly LabelRow[];
}

/** For the job's own tasks: whose it is was asked when it was submitted. Null for a job that is gone. */
export async function readJobContents(db: D1Database, jobId: string): Promise<JobContents | null> {
  const of = (sql: string) => db.prepare(sql).bind(jobId);
  const [jobs, artifacts, labels] = await db.batch<never>([
    of(`SELECT owner_id AS ownerId, kind, input FROM jobs WHERE id = ?1`),
    of(
      `SELECT name, key, content_type AS contentType, size_bytes AS sizeBytes FROM artifacts WHERE job_id = ?1 ORDER BY name`,
    ),
    of(`SELECT label, score FROM job_labels WHERE job_id = ?1 ORDER BY score DESC, label`),
  ]);
  const job: Pick<JobContents, "ownerId" | "kind" | "input"> | undefined = jobs?.results[0];
  if (job === undefined) return null;
  const { ownerId, kind, input } = job;
  return { ownerId, kind, input, artifacts: artifacts?.results ?? [], labels: labels?.results ?? [] };
}
