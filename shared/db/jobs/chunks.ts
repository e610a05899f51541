import type { ChunkRecord } from "../../transcripts/compose-transcript.ts";
import type { Stretch } from "../../transcripts/transcript.ts";

/** All that is known so far of a long recording, in the order of the source. */
export interface HeardChunks {
  readonly heard: readonly ChunkRecord[];
  /** Chunks given up on. */
  readonly gaps: readonly Stretch[];
}

/** A chunk's words are some 10 kB: a page stays well below what one answer of D1 may hold. */
const PAGE = 100;

export async function readChunks(db: D1Database, jobId: string): Promise<HeardChunks> {
  const heard: ChunkRecord[] = [];
  for (;;) {
    const after = heard.at(-1)?.ownStartMs ?? -1;
    const { results } = await db
      .prepare(`SELECT heard FROM chunks WHERE job_id = ?1 AND own_start_ms > ?2 ORDER BY own_start_ms LIMIT ?3`)
      .bind(jobId, after, PAGE)
      .all<{ heard: string }>();
    // Our own JSON, written by settleTasks.
    for (const row of results) heard.push(JSON.parse(row.heard) as ChunkRecord);
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
  return { heard, gaps };
}
