// What the settlement of attempts inserts, a statement each. `rows` is the JSON that settleTasks makes of the attempts.
import { checkAt } from "./check-at.ts";
import { MAX_ATTEMPTS } from "../../jobs/task.ts";
import type { Changes } from "../../jobs/changes.ts";
import { openingTasks } from "../jobs/ends.ts";
import type { Returning } from "../transact.ts";
import type { Passage, PassageSource } from "../../search/passage.ts";
import { WORDS_ALONE } from "../search/passages.ts";
import { latestVersionOf } from "../transcripts/versions.ts";
import { formatOf } from "./task-formats.ts";

/** Ended attempts (?1) joined with the tasks whose lease they still hold: a late writer matches nothing. */
export const HELD = `json_each(?1) s JOIN tasks t ON t.id = s.value ->> 'taskId' AND t.lease_id = s.value ->> 'leaseId'`;

export function insertAttempts(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO attempts
         (task_id, number, outcome, started_at, finished_at, model, engine, neurons, usage, operations, error_code, error_message)
       SELECT t.id, t.attempt, s.value ->> 'outcome', s.value ->> 'startedAt', s.value ->> 'finishedAt',
              s.value ->> 'model', s.value ->> 'engine', s.value ->> 'neurons', s.value ->> 'usage', s.value ->> 'operations',
              s.value ->> 'errorCode', s.value ->> 'errorMessage'
         FROM ${HELD}`,
    )
    .bind(rows);
}

/** Store what jobs are expected to consume, if it was not known before. */
export function updateEstimates(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE jobs SET estimate = h.estimate
         FROM (SELECT t.job_id, s.value ->> 'estimate' AS estimate FROM ${HELD}) h
        WHERE jobs.id = h.job_id AND jobs.estimate IS NULL AND h.estimate IS NOT NULL`,
    )
    .bind(rows);
}

export function insertNext(db: D1Database, rows: string, now: number): Returning<Pick<Changes, "opened">> {
  const opened = db
    .prepare(
      `INSERT INTO tasks (id, job_id, kind, format, stage, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id, priority, model)
       SELECT t.job_id || '.' || (n.value ->> 'name'), t.job_id, n.value ->> 'kind', ${formatOf("(n.value ->> 'kind')")}, n.value ->> 'stage', n.value ->> 'state',
              n.value ->> 'args', ?2, ?3, ${checkAt("?3")}, ?3, t.owner_id, t.priority, n.value ->> 'model'
         FROM ${HELD}, json_each(s.value, '$.next') n
        WHERE true
       ON CONFLICT (id) DO NOTHING
       RETURNING iif(state = 'available', id, NULL) AS opened`,
    )
    .bind(rows, MAX_ATTEMPTS, now);
  return openingTasks(opened);
}

/** Some of the passages of an attempt's job. */
export interface PassagePage {
  readonly taskId: string;
  readonly leaseId: string;
  readonly passages: readonly (Passage & { readonly indexedText: string | null })[];
  /** The sources whose earlier passages are removed. */
  readonly replaced: readonly PassageSource[];
}

/** SQL: whether a source is not the transcript, or the transcript was never edited. */
const isOwn = (source: string) => `(${source} <> 'transcript' OR ${latestVersionOf("t.job_id")} = 0)`;

/** Let search find jobs by their words. Passages of a transcript that was edited since stay as they are. */
export function insertPassages(
  db: D1Database,
  rows: string,
  { replaced }: PassagePage,
): readonly D1PreparedStatement[] {
  const remove = db
    .prepare(
      `DELETE FROM passages WHERE number IN (
         SELECT o.number FROM ${HELD} JOIN passages o ON o.job_id = t.job_id
          WHERE o.source IN (SELECT value FROM json_each(s.value, '$.replaced')) AND ${isOwn("o.source")})`,
    )
    .bind(rows);
  const insert = db
    .prepare(
      `INSERT INTO passages (id, owner_id, job_id, kind, source, text, indexed_text, start_ms, end_ms, space, vector)
       SELECT p.value ->> 'id', j.owner_id, j.id, j.kind, p.value ->> 'source', p.value ->> 'text', p.value ->> 'indexedText',
              p.value ->> 'startMs', p.value ->> 'endMs', '${WORDS_ALONE}', NULL
         FROM ${HELD} JOIN jobs j ON j.id = t.job_id, json_each(s.value, '$.passages') p
        WHERE ${isOwn("p.value ->> 'source'")}`,
    )
    .bind(rows);
  return replaced.length > 0 ? [remove, insert] : [insert];
}

export function insertChunks(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO chunks (job_id, own_start_ms, own_end_ms, heard)
       SELECT t.job_id, s.value ->> '$.transcribed.ownStartMs', s.value ->> '$.transcribed.ownEndMs', s.value -> 'transcribed'
         FROM ${HELD}
        WHERE s.value ->> 'transcribed' IS NOT NULL
       ON CONFLICT (job_id, own_start_ms) DO UPDATE SET own_end_ms = excluded.own_end_ms, heard = excluded.heard`,
    )
    .bind(rows);
}

export function insertArtifacts(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO artifacts (job_id, name, key, content_type, size_bytes, etag)
       SELECT t.job_id, a.value ->> 'name', a.value ->> 'key', a.value ->> 'contentType', a.value ->> 'sizeBytes', a.value ->> 'etag'
         FROM ${HELD}, json_each(s.value, '$.artifacts') a
        WHERE true
       ON CONFLICT (job_id, name) DO UPDATE
          SET key = excluded.key, content_type = excluded.content_type, size_bytes = excluded.size_bytes, etag = excluded.etag`,
    )
    .bind(rows);
}

export function insertLabels(db: D1Database, rows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO job_labels (job_id, label, score, owner_id, created_at)
       SELECT t.job_id, l.value ->> 'label', l.value ->> 'score', j.owner_id, j.created_at
         FROM ${HELD} JOIN jobs j ON j.id = t.job_id, json_each(s.value, '$.labels') l
        WHERE true
       ON CONFLICT (job_id, label) DO UPDATE SET score = excluded.score`,
    )
    .bind(rows);
}

export function insertDeadLetters(db: D1Database, rows: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO dead_letters
         (id, owner_id, task_id, job_id, queue, code, reason, created_at, kind, fingerprint, message_pattern)
       SELECT 'dl_' || t.id || '.' || t.attempt, j.owner_id, t.id, t.job_id, 'tasks',
              s.value ->> 'errorCode', s.value ->> 'errorMessage', ?2,
              t.kind, t.kind || ':' || (s.value ->> 'fingerprint'), s.value ->> 'messagePattern'
         FROM ${HELD} JOIN jobs j ON j.id = t.job_id
        WHERE s.value ->> 'state' = 'discarded'`,
    )
    .bind(rows, now);
}
