/** The states that the schema's check names. */
export type TaskState = "pending" | "available" | "running" | "retryable" | "completed" | "discarded" | "cancelled";

/** A chunk of a long recording: the part that is its own, and the state of its task. */
export interface ChunkTask {
  readonly startMs: number;
  readonly endMs: number;
  readonly state: TaskState;
}

/**
 * Read the chunks of a job, or of the job whose result it reuses, in the order of the source, a chunk before the halves that it
 * was split into. Empty if nothing was cut. Null if this owner has no such job, or if it is archived. Reads about two rows a task.
 */
export async function readChunkTasks(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
): Promise<readonly ChunkTask[] | null> {
  const { results } = await db
    .prepare(
      `SELECT t.args ->> '$.chunk.ownStartMs' AS startMs, t.args ->> '$.chunk.ownEndMs' AS endMs, t.state
         FROM jobs j LEFT JOIN tasks t ON t.job_id = coalesce(j.reused_from, j.id) AND t.kind = 'transcribe_chunk'
        WHERE j.id = ?1 AND j.owner_id = ?2 AND j.archive_id IS NULL
        ORDER BY 1, 2 DESC`,
    )
    .bind(job.id, job.ownerId)
    .all<{ startMs: number | null; endMs: number; state: TaskState }>();
  if (results.length === 0) return null;
  return results.flatMap(({ startMs, ...row }) => (startMs === null ? [] : [{ ...row, startMs }]));
}
