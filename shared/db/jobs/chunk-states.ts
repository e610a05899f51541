/** As the schema's check names them. */
export type TaskState = "pending" | "available" | "running" | "retryable" | "completed" | "discarded" | "cancelled";

/** A chunk of a long recording: the part that it answers for, and the state of its task. */
export interface ChunkTask {
  readonly startMs: number;
  readonly endMs: number;
  readonly state: TaskState;
}

/**
 * The chunks of a job, or of the one whose result it took over: in the order of the source, a chunk before those that it was halved
 * into. Empty where nothing was cut. Null if there is no such job of this owner. Reads about two rows a task.
 */
export async function readChunkTasks(
  db: D1Database,
  job: { readonly id: string; readonly ownerId: string },
): Promise<readonly ChunkTask[] | null> {
  const { results } = await db
    .prepare(
      `SELECT t.args ->> '$.chunk.ownStartMs' AS startMs, t.args ->> '$.chunk.ownEndMs' AS endMs, t.state
         FROM jobs j LEFT JOIN tasks t ON t.job_id = coalesce(j.reused_from, j.id) AND t.kind = 'transcribe_chunk'
        WHERE j.id = ?1 AND j.owner_id = ?2
        ORDER BY 1, 2 DESC`,
    )
    .bind(job.id, job.ownerId)
    .all<{ startMs: number | null; endMs: number; state: TaskState }>();
  if (results.length === 0) return null;
  return results.flatMap(({ startMs, ...row }) => (startMs === null ? [] : [{ ...row, startMs }]));
}
