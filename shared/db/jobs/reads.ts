import type { JobKind, JobState } from "../../jobs/job.ts";
import { ACCOUNT_HOLD, type AccountHold } from "../cost/holds.ts";
import { countAhead, recentRuns, type Run } from "./queue-place.ts";

export interface JobRow {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  /** JSON. */
  readonly input: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finalizedAt: number | null;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly startBy: number | null;
  readonly deadlineAt: number | null;
  readonly maxNeurons: number | null;
  /** The identical job that this one waits for. */
  readonly follows: string | null;
  /** The job whose result this is, and what it did not cost again. */
  readonly reusedFrom: string | null;
  readonly savedNeurons: number | null;
  /** JSON array; null for none. */
  readonly tags: string | null;
  /** JSON object; null for none. */
  readonly metadata: string | null;
  /** JSON, a `Choice`; null for a job from before there was one. */
  readonly choice: string | null;
  /** JSON of an `Estimate`; null while nobody knows. */
  readonly estimate: string | null;
}

export interface AttemptRow {
  readonly taskId: string;
  readonly number: number;
  readonly outcome: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly model: string | null;
  readonly engine: string | null;
  readonly neurons: number | null;
  /** JSON array of `ModelCall`; null where no model was asked. */
  readonly usage: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export interface TaskRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  /** Which it asks first; null if none. */
  readonly model: string | null;
  readonly attempt: number;
  readonly scheduledAt: number;
}

export interface ArtifactRow {
  readonly name: string;
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

export interface LabelRow {
  readonly label: string;
  readonly score: number;
}

/** How much of a long recording has been heard, in milliseconds of audio; null where nothing was cut. */
export interface AudioProgress {
  readonly audioMsDone: number | null;
  readonly audioMsTotal: number | null;
}

export interface JobDetail {
  readonly job: JobRow;
  readonly tasks: readonly TaskRow[];
  readonly attempts: readonly AttemptRow[];
  readonly artifacts: readonly ArtifactRow[];
  readonly labels: readonly LabelRow[];
  readonly progress: AudioProgress;
  /** Set while nobody may lease tasks of the job's kind. */
  readonly pause: { readonly note: string | null } | null;
  /** Set while nobody may lease tasks with a model. */
  readonly hold: AccountHold | null;
  /** How many tasks of the owner's own come before; null unless the job waits for its turn. */
  readonly ahead: number | null;
  /** The latest completed runs of jobs of this kind; none once the job has ended. */
  readonly runs: readonly Run[];
}

const JOB = `j.id, j.kind, j.state, j.input, j.error_code AS errorCode, j.error_message AS errorMessage,
             j.created_at AS createdAt, j.started_at AS startedAt, j.finalized_at AS finalizedAt, j.priority,
             j.start_by AS startBy, j.deadline_at AS deadlineAt, j.max_neurons AS maxNeurons, j.follows, j.reused_from AS reusedFrom,
             j.saved_neurons AS savedNeurons, j.tags, j.metadata, j.choice, j.estimate`;
export const ATTEMPT_COLUMNS = `a.task_id AS taskId, a.number, a.outcome, a.started_at AS startedAt, a.finished_at AS finishedAt,
                 a.model, a.engine, a.neurons, a.usage, a.error_code AS errorCode, a.error_message AS errorMessage`;

/** A job with all there is to tell of it, in one round trip; null if there is none or it is someone else's. */
export async function readJob(db: D1Database, job: { id: string; ownerId: string }): Promise<JobDetail | null> {
  const of = (sql: string) => db.prepare(sql).bind(job.id);
  const [rows, tasks, attempts, artifacts, labels, progress, pauses, hold, ahead, runs] = await db.batch<never>([
    db.prepare(`SELECT ${JOB} FROM jobs j WHERE j.id = ?1 AND j.owner_id = ?2`).bind(job.id, job.ownerId),
    of(
      `SELECT id, kind, state, model, attempt, scheduled_at AS scheduledAt FROM tasks WHERE job_id = ?1 AND is_side = 0 ORDER BY id`,
    ),
    // A long recording has hundreds: the latest tell most.
    of(
      `SELECT * FROM (SELECT ${ATTEMPT_COLUMNS} FROM attempts a JOIN tasks t ON t.id = a.task_id
                       WHERE t.job_id = ?1 AND t.is_side = 0 ORDER BY a.started_at DESC, a.number DESC LIMIT 100)
        ORDER BY startedAt, number`,
    ),
    of(
      `SELECT name, key, content_type AS contentType, size_bytes AS sizeBytes FROM artifacts WHERE job_id = ?1 ORDER BY name`,
    ),
    of(`SELECT label, score FROM job_labels WHERE job_id = ?1 ORDER BY score DESC, label`),
    of(
      `SELECT (SELECT sum(own_end_ms - own_start_ms) FROM chunks WHERE job_id = ?1) AS audioMsDone,
              (SELECT args ->> '$.durationMs' FROM tasks WHERE job_id = ?1 AND kind = 'join_transcript') AS audioMsTotal`,
    ),
    of(`SELECT note FROM pauses WHERE job_kind = (SELECT kind FROM jobs WHERE id = ?1) LIMIT 1`),
    db.prepare(ACCOUNT_HOLD).bind(Date.now()),
    countAhead(db, job.id),
    recentRuns(db, job.id),
  ]);
  const row: JobRow | undefined = rows?.results[0];
  if (row === undefined) return null;
  return {
    job: row,
    tasks: tasks?.results ?? [],
    attempts: attempts?.results ?? [],
    artifacts: artifacts?.results ?? [],
    labels: labels?.results ?? [],
    progress: progress?.results[0] ?? { audioMsDone: null, audioMsTotal: null },
    pause: pauses?.results[0] ?? null,
    hold: hold?.results[0] ?? null,
    ahead: (ahead?.results[0] as { ahead: number } | undefined)?.ahead ?? null,
    runs: runs?.results ?? [],
  };
}

/** Jobs of this owner by their ids, in no particular order. */
export async function findJobs(
  db: D1Database,
  { ids, ownerId }: { ids: readonly string[]; ownerId: string },
): Promise<readonly JobRow[]> {
  if (ids.length === 0) return [];
  const { results } = await db
    .prepare(`SELECT ${JOB} FROM jobs j WHERE j.id IN (SELECT value FROM json_each(?1)) AND j.owner_id = ?2`)
    .bind(JSON.stringify(ids), ownerId)
    .all<JobRow>();
  return results;
}

/** An artifact of a job of this owner. */
export async function findArtifact(
  db: D1Database,
  artifact: { jobId: string; ownerId: string; name: string },
): Promise<ArtifactRow | null> {
  return db
    .prepare(
      `SELECT a.name, a.key, a.content_type AS contentType, a.size_bytes AS sizeBytes
         FROM artifacts a JOIN jobs j ON j.id = a.job_id
        WHERE a.job_id = ?1 AND j.owner_id = ?2 AND a.name = ?3`,
    )
    .bind(artifact.jobId, artifact.ownerId, artifact.name)
    .first<ArtifactRow>();
}

export interface JobFilter {
  readonly state: JobState | undefined;
  readonly kind: JobKind | undefined;
  readonly label: string | undefined;
  /** Epoch milliseconds: from, inclusive. */
  readonly createdAfter: number | undefined;
  /** Epoch milliseconds: until, exclusive. */
  readonly createdBefore: number | undefined;
  /** The job carries them all (shared/jobs/tags-and-metadata.ts). */
  readonly marks: readonly string[];
}

/** Newest first; `before` is the position (time and id) of the last one seen. */
export async function listJobs(
  db: D1Database,
  filter: JobFilter,
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly JobRow[]> {
  // With marks, the list is walked along the rows of the first one; the others are looked up job by job.
  const [first] = filter.marks;
  const walk =
    first === undefined
      ? { from: "jobs j", at: "j.created_at", id: "j.id", owner: "j.owner_id = ?1 AND ?11 IS NULL" }
      : {
          from: "job_marks m JOIN jobs j ON j.id = m.job_id",
          at: "m.created_at",
          id: "m.job_id",
          owner: "m.owner_id = ?1 AND m.mark = ?11",
        };
  const { results } = await db
    .prepare(
      `SELECT ${JOB} FROM ${walk.from}
        WHERE ${walk.owner} AND (${walk.at}, ${walk.id}) < (?2, ?3)
          AND ${walk.at} >= ?4 AND ${walk.at} < ?5
          AND (?6 IS NULL OR j.state = ?6) AND (?7 IS NULL OR j.kind = ?7)
          AND (?8 IS NULL OR j.id IN (SELECT job_id FROM job_labels WHERE label = ?8))
          AND NOT EXISTS (SELECT 1 FROM json_each(?10) f
                           WHERE NOT EXISTS (SELECT 1 FROM job_marks o
                                              WHERE o.owner_id = ?1 AND o.mark = f.value
                                                AND o.created_at = j.created_at AND o.job_id = j.id))
        ORDER BY ${walk.at} DESC, ${walk.id} DESC LIMIT ?9`,
    )
    .bind(
      page.ownerId,
      page.before?.at ?? Number.MAX_SAFE_INTEGER,
      page.before?.id ?? "",
      filter.createdAfter ?? 0,
      filter.createdBefore ?? Number.MAX_SAFE_INTEGER,
      filter.state ?? null,
      filter.kind ?? null,
      filter.label ?? null,
      page.limit,
      JSON.stringify(filter.marks.slice(1)),
      first ?? null,
    )
    .all<JobRow>();
  return results;
}

export interface UploadRow {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
  readonly createdAt: number;
}

/** The latest objects seen in the inbox, newest first, at most 100. */
export async function listUploads(db: D1Database, ownerId: string): Promise<readonly UploadRow[]> {
  const { results } = await db
    .prepare(
      `SELECT key, etag, size_bytes AS sizeBytes, job_id AS jobId, ignored_reason AS ignoredReason, created_at AS createdAt
         FROM uploads WHERE owner_id = ?1 ORDER BY created_at DESC LIMIT 100`,
    )
    .bind(ownerId)
    .all<UploadRow>();
  return results;
}
