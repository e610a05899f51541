// What a client that follows a job gets. The pulse is read again and again, the rest only when the pulse has changed.
import type { ChunkRecord } from "../../transcripts/compose-transcript.ts";
import type { JobKind } from "../../kinds/index.ts";
import type { JobState } from "../../jobs/job.ts";

/** Times are epoch milliseconds. */
export interface Pulse {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finalizedAt: number | null;
  /** Whether the chunk that begins where the client's words end has been transcribed. */
  readonly hasNext: boolean;
}

/** Read a job's pulse: at most two rows, by their keys. Null if this owner has no such job, or if it is archived. */
export async function readPulse(
  db: D1Database,
  job: { id: string; ownerId: string },
  heardToMs: number,
): Promise<Pulse | null> {
  const { results } = await db
    .prepare(
      `SELECT kind, state, created_at AS createdAt, started_at AS startedAt, finalized_at AS finalizedAt,
              EXISTS (SELECT 1 FROM chunks WHERE job_id = ?1 AND own_start_ms = ?3) AS hasNext
         FROM jobs WHERE id = ?1 AND owner_id = ?2 AND archive_id IS NULL`,
    )
    .bind(job.id, job.ownerId, heardToMs)
    .all<Omit<Pulse, "hasNext"> & { hasNext: number }>();
  const [row] = results;
  return row === undefined ? null : { ...row, hasNext: row.hasNext === 1 };
}

/** Read whether a job has ended: one row of one column. Null if this owner has no such job. */
export async function readHasEnded(db: D1Database, job: { id: string; ownerId: string }): Promise<boolean | null> {
  const hasEnded = await db
    .prepare(`SELECT finalized_at IS NOT NULL AS hasEnded FROM jobs WHERE id = ?1 AND owner_id = ?2`)
    .bind(job.id, job.ownerId)
    .first<0 | 1>("hasEnded");
  return hasEnded === null ? null : hasEnded === 1;
}

export interface Progress {
  readonly tasksCompleted: number;
  readonly tasksTotal: number;
  /** Chunks of a long recording. A chunk that was halved counts as completed, and its halves count too. 0 if nothing was cut. */
  readonly chunksCompleted: number;
  readonly chunksTotal: number;
  /** Milliseconds of a long recording; null if nothing was cut. */
  readonly audioMsDone: number | null;
  readonly audioMsTotal: number | null;
}

const NO_TASKS = {
  tasksCompleted: 0,
  tasksTotal: 0,
  chunksCompleted: 0,
  chunksTotal: 0,
  audioMsTotal: null,
  heardMs: null,
};

/** Reads about two rows a task. */
export async function readProgress(db: D1Database, jobId: string): Promise<Progress> {
  const { results } = await db
    .prepare(
      `SELECT total(state = 'completed') AS tasksCompleted, count(*) AS tasksTotal,
              total(kind = 'transcribe_chunk' AND state = 'completed') AS chunksCompleted,
              total(kind = 'transcribe_chunk') AS chunksTotal,
              max(iif(kind = 'join_transcript', args ->> '$.durationMs', NULL)) AS audioMsTotal,
              (SELECT sum(own_end_ms - own_start_ms) FROM chunks WHERE job_id = ?1) AS heardMs
         FROM tasks WHERE job_id = ?1 AND is_side = 0`,
    )
    .bind(jobId)
    .all<Omit<Progress, "audioMsDone"> & { heardMs: number | null }>();
  const { heardMs, ...counted } = results[0] ?? NO_TASKS;
  const { audioMsTotal } = counted;
  return { ...counted, audioMsDone: audioMsTotal === null ? null : (heardMs ?? 0) };
}

/** A chunk's words are some 10 kB. */
const PAGE = 100;

/** Read the chunks from here to the first that is not transcribed yet, at most a hundred. Nothing beyond is read. */
export async function readNextChunks(db: D1Database, jobId: string, fromMs: number): Promise<readonly ChunkRecord[]> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE run (own_end_ms, heard) AS (
         SELECT own_end_ms, heard FROM chunks WHERE job_id = ?1 AND own_start_ms = ?2
         UNION ALL
         SELECT c.own_end_ms, c.heard FROM run JOIN chunks c ON c.job_id = ?1 AND c.own_start_ms = run.own_end_ms
         LIMIT ${PAGE})
       SELECT heard FROM run`,
    )
    .bind(jobId, fromMs)
    .all<{ heard: string }>();
  return results.map((row) => JSON.parse(row.heard) as ChunkRecord); // our own JSON, written by settleTasks
}
