import type { JobKind } from "../../kinds/index.ts";
import type { Source } from "../../jobs/source.ts";

/** A recording, and what is known about where its chunks are. */
export interface PlannedRecording {
  readonly kind: JobKind;
  /** Null for a job that reads no object. */
  readonly source: Source | null;
  /** Null if it was transcribed in one call, or is not planned yet. */
  readonly durationMs: number | null;
  /** As their tasks store them: JSON. In the order of the source, a chunk before the halves that it was split into. */
  readonly chunks: readonly ChunkRow[];
}

interface ChunkRow {
  readonly container: string;
  readonly chunk: string;
}

interface RecordingRow {
  readonly kind: JobKind;
  readonly source: string | null;
  readonly durationMs: number | null;
}

/**
 * Read the plan of the chunks that lie between two times. It is stored with this job, or with the job whose result it reuses. Null if
 * this owner has no such job, or if it is archived.
 */
export async function readChunkPlans(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<PlannedRecording | null> {
  const [rows, chunks] = await db.batch<RecordingRow & ChunkRow>([
    db
      .prepare(
        `SELECT j.kind, j.input -> '$.source' AS source,
                (SELECT t.args ->> '$.durationMs' FROM tasks t
                  WHERE t.job_id = coalesce(j.reused_from, j.id) AND t.kind = 'join_transcript') AS durationMs
           FROM jobs j WHERE j.id = ?1 AND j.owner_id = ?2 AND j.archive_id IS NULL`,
      )
      .bind(job.id, job.ownerId),
    db
      .prepare(
        `SELECT t.args ->> '$.container' AS container, t.args -> '$.chunk' AS chunk
           FROM jobs j JOIN tasks t ON t.job_id = coalesce(j.reused_from, j.id)
          WHERE j.id = ?1 AND j.owner_id = ?2 AND t.kind = 'transcribe_chunk'
            AND t.args ->> '$.chunk.ownEndMs' > ?3 AND t.args ->> '$.chunk.ownStartMs' < ?4
          ORDER BY t.args ->> '$.chunk.ownStartMs', t.args ->> '$.chunk.ownEndMs' DESC`,
      )
      .bind(job.id, job.ownerId, fromMs, toMs),
  ]);
  const row = rows?.results[0];
  if (row === undefined) return null;
  const source = row.source === null ? null : (JSON.parse(row.source) as Source); // our own JSON, from newJob
  return { kind: row.kind, source, durationMs: row.durationMs, chunks: chunks?.results ?? [] };
}
