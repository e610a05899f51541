import type { JobKind } from "../../kinds/index.ts";
import type { JobState } from "../../jobs/job.ts";
import type { Source } from "../../jobs/source.ts";
import type { ArtifactRow, JobDetail, JobRow } from "../../jobs/job-detail.ts";
import { ACCOUNT_HOLD } from "../cost/holds.ts";
import { countAhead, recentRuns } from "./queue-place.ts";

const JOB = `j.id, j.kind, j.state, j.input, j.error_code AS errorCode, j.error_message AS errorMessage,
             j.created_at AS createdAt, j.started_at AS startedAt, j.finalized_at AS finalizedAt, j.priority,
             j.start_by AS startBy, j.deadline_at AS deadlineAt, j.max_neurons AS maxNeurons, j.follows, j.reused_from AS reusedFrom,
             j.saved_neurons AS savedNeurons, j.tags, j.metadata, j.choice, j.estimate, j.archive_id IS NOT NULL AS isArchived`;
export const ATTEMPT_COLUMNS = `a.task_id AS taskId, a.number, a.outcome, a.started_at AS startedAt, a.finished_at AS finishedAt,
                 a.model, a.engine, a.neurons, a.usage, a.error_code AS errorCode, a.error_message AS errorMessage`;

/** Read a job with all its details, in one round trip; null if this owner has no such job, or if it is archived (shared/archive/whole.ts). */
export async function readJob(db: D1Database, job: { id: string; ownerId: string }): Promise<JobDetail | null> {
  const of = (sql: string) => db.prepare(sql).bind(job.id);
  const [rows, tasks, attempts, artifacts, labels, progress, pauses, hold, ahead, runs] = await db.batch<never>([
    db
      .prepare(`SELECT ${JOB} FROM jobs j WHERE j.id = ?1 AND j.owner_id = ?2 AND j.archive_id IS NULL`)
      .bind(job.id, job.ownerId),
    of(
      `SELECT id, kind, state, model, attempt, scheduled_at AS scheduledAt, recording FROM tasks WHERE job_id = ?1 AND is_side = 0 ORDER BY id`,
    ),
    // A long recording has hundreds of attempts; the latest are the most useful.
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

/** Find jobs of this owner by their ids, in no particular order. An archived job has only the beginning of its input. */
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

/** Find the owner of a job; null if there is no such job. For a client that has a link to the job and no key. */
export async function findJobOwner(db: D1Database, jobId: string): Promise<string | null> {
  return db.prepare(`SELECT owner_id AS ownerId FROM jobs WHERE id = ?1`).bind(jobId).first<string>("ownerId");
}

/** Find an artifact of a job of this owner; null if the job is archived. */
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

/** Find the object that a job of this owner reads; null for a job without one, or if the job is archived. */
export async function findSource(
  db: D1Database,
  job: { jobId: string; ownerId: string },
): Promise<{ readonly kind: JobKind; readonly source: Source } | null> {
  const row = await db
    .prepare(
      `SELECT kind, input -> '$.source' AS source FROM jobs
        WHERE id = ?1 AND owner_id = ?2 AND archive_id IS NULL AND input -> '$.source' IS NOT NULL`,
    )
    .bind(job.jobId, job.ownerId)
    .first<{ kind: JobKind; source: string }>();
  return row && { kind: row.kind, source: JSON.parse(row.source) as Source }; // our own JSON, from newJob
}

export interface JobFilter {
  readonly state: JobState | undefined;
  readonly kind: JobKind | undefined;
  readonly label: string | undefined;
  /** Text in the job's file name, prompt, text or id; letters A to Z match in either case. */
  readonly text: string | undefined;
  /** Epoch milliseconds: from, inclusive. */
  readonly createdAfter: number | undefined;
  /** Epoch milliseconds: until, exclusive. */
  readonly createdBefore: number | undefined;
  /** The job must carry all of them (shared/jobs/tags-and-metadata.ts). */
  readonly marks: readonly string[];
}

export interface JobPage {
  readonly ownerId: string;
  readonly limit: number;
  /** The position (time and id) of the last one seen. */
  readonly before: { at: number; id: string } | undefined;
  /** Whether each job includes its progress and its cost. */
  readonly figures: boolean;
}

/** How many jobs are searched for a text, the latest before the page. */
const MOST_LOOKED_THROUGH = 10_000;

/** The last segment of a key: all up to its last slash is removed. */
const FILE_NAME = `replace(j.input ->> '$.source.key',
                           rtrim(j.input ->> '$.source.key', replace(j.input ->> '$.source.key', '/', '')), '')`;
const SAYS = `coalesce(j.input ->> '$.prompt', j.input ->> '$.text', ${FILE_NAME}) || ' ' || j.id`;

/** Progress and cost. Each task and each attempt of a job is read for them. */
const FIGURES = `CASE WHEN j.state = 'running'
                      THEN (SELECT avg(state = 'completed') FROM tasks WHERE job_id = j.id AND is_side = 0) END AS fraction,
                 coalesce(j.archive_neurons, 0)
                   + (SELECT total(a.neurons) FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE t.job_id = j.id) AS neurons`;

/** List jobs, newest first. */
export async function listJobs(db: D1Database, filter: JobFilter, page: JobPage): Promise<readonly JobRow[]> {
  // With marks, the list is walked along the rows of the first one; the others are looked up job by job.
  const [first] = filter.marks;
  const walk =
    first === undefined
      ? { from: jobsOf(filter), at: "j.created_at", id: "j.id", owner: "j.owner_id = ?1 AND ?11 IS NULL" }
      : {
          from: "job_marks m JOIN jobs j ON j.id = m.job_id",
          at: "m.created_at",
          id: "m.job_id",
          owner: "m.owner_id = ?1 AND m.mark = ?11",
        };
  const { results } = await db
    .prepare(
      `SELECT ${JOB}${page.figures ? `, ${FIGURES}` : ""} FROM ${walk.from}
        WHERE ${walk.owner} AND (${walk.at}, ${walk.id}) < (?2, ?3)
          AND ${walk.at} >= ?4 AND ${walk.at} < ?5
          AND (?6 IS NULL OR j.state = ?6) AND (?7 IS NULL OR j.kind = ?7)
          AND (?12 IS NULL OR instr(lower(${SAYS}), lower(?12)) > 0)
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
      filter.text ?? null,
    )
    .all<JobRow>();
  return results;
}

function jobsOf({ text }: JobFilter): string {
  if (text === undefined) return "jobs j";
  return `(SELECT * FROM jobs WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) AND created_at >= ?4 AND created_at < ?5
            ORDER BY created_at DESC, id DESC LIMIT ${MOST_LOOKED_THROUGH}) j`;
}
