import type { ChunkRecord } from "../../transcripts/compose-transcript.ts";
import type { Stretch } from "../../transcripts/transcript.ts";

/** Everything that is transcribed so far of a long recording, in the order of the source. */
export interface TranscribedChunks {
  readonly transcribed: readonly ChunkRecord[];
  /** Chunks that were discarded. */
  readonly gaps: readonly Stretch[];
}

/** A chunk's words take some 10 kB, so a page stays well below the limit of one answer of D1. */
const PAGE = 100;

export async function readChunks(db: D1Database, jobId: string): Promise<TranscribedChunks> {
  const transcribed: ChunkRecord[] = [];
  for (;;) {
    const after = transcribed.at(-1)?.ownStartMs ?? -1;
    const { results } = await db
      .prepare(`SELECT heard FROM chunks WHERE job_id = ?1 AND own_start_ms > ?2 ORDER BY own_start_ms LIMIT ?3`)
      .bind(jobId, after, PAGE)
      .all<{ heard: string }>();
    // Our own JSON, written by settleTasks.
    for (const row of results) transcribed.push(JSON.parse(row.heard) as ChunkRecord);
    if (results.length < PAGE) break;
  }
  const { results: gaps } = await db
    .prepare(
      `SELECT t.args ->> '$.chunk.ownStartMs' AS startMs, t.args ->> '$.chunk.ownEndMs' AS endMs, d.code AS reason
         FROM tasks t JOIN dead_letters d ON d.task_id = t.id AND d.job_id = t.job_id AND d.redriven_at IS NULL
        WHERE t.job_id = ?1 AND t.kind = 'transcribe_chunk' AND t.state = 'discarded'
        ORDER BY 1`,
    )
    .bind(jobId)
    .all<Stretch>();
  return { transcribed, gaps };
}
