import type { JobKind } from "../../kinds/index.ts";
import type { Source } from "../../jobs/source.ts";
import type { ArtifactRow, AudioProgress, JobDetail, JobRow } from "../../jobs/job-detail.ts";
import { THIN_INPUT } from "../archive/contents.ts";
import { ACCOUNT_HOLD } from "../cost/holds.ts";
import { AHEAD, RECENT_RUNS } from "./queue-place.ts";

const columnsOf = (
  input: string,
) => `j.id, j.kind, j.state, ${input}, j.error_code AS errorCode, j.error_message AS errorMessage,
             j.created_at AS createdAt, j.started_at AS startedAt, j.finalized_at AS finalizedAt, j.priority,
             j.start_by AS startBy, j.deadline_at AS deadlineAt, j.max_neurons AS maxNeurons, j.follows, j.reused_from AS reusedFrom,
             j.saved_neurons AS savedNeurons, j.tags, j.metadata, j.choice, j.estimate, j.archive_id IS NOT NULL AS isArchived`;
const JOB = columnsOf("j.input");

/** A list shows the beginning of an input. A hundred long prompts would exceed what D1 answers. */
const LONG_INPUT_CHARS = 4000;
export const LISTED_JOB = columnsOf(`iif(length(j.input) > ${LONG_INPUT_CHARS}, ${THIN_INPUT}, j.input) AS input`);
export const ATTEMPT_COLUMNS = `a.task_id AS taskId, a.number, a.outcome, a.started_at AS startedAt, a.finished_at AS finishedAt,
                 a.model, a.engine, a.neurons, a.usage, a.error_code AS errorCode, a.error_message AS errorMessage`;

/** Read a job with all its details, in one round trip; null if this owner has no such job, or if it is archived (shared/archive/whole.ts). */
export async function readJob(db: D1Database, job: { id: string; ownerId: string }): Promise<JobDetail | null> {
  return detailOf(await db.batch<never>([...selectJob(db, job.id, { sql: "?3", value: job.ownerId })]));
}

/** SQL: the notices about the result of job `j` if it reused that of another job: the calls are the other's. A JSON array, or null. */
const REUSED_NOTICES = `iif(j.reused_from IS NULL, NULL, (
  SELECT json_group_array(c.value -> 'notices') FROM tasks t JOIN attempts a ON a.task_id = t.id, json_each(a.usage) c
   WHERE t.job_id = j.reused_from AND t.is_side = 0 AND c.value -> 'notices' IS NOT NULL))`;

/** SQL: what a job has few of, and what tells of its turn, as columns of job `j`. Each statement of a batch costs time of its own. ?1 is the time. */
const FEW = `
  (SELECT json_group_array(json_object('name', name, 'key', key, 'contentType', content_type, 'sizeBytes', size_bytes))
     FROM (SELECT * FROM artifacts WHERE job_id = j.id ORDER BY name)) AS artifacts,
  (SELECT json_group_array(json_object('label', label, 'score', score))
     FROM (SELECT label, score FROM job_labels WHERE job_id = j.id ORDER BY score DESC, label)) AS labels,
  (SELECT sum(own_end_ms - own_start_ms) FROM chunks WHERE job_id = j.id) AS audioMsDone,
  (SELECT args ->> '$.durationMs' FROM tasks WHERE job_id = j.id AND kind = 'join_transcript') AS audioMsTotal,
  (SELECT json_object('note', note) FROM pauses WHERE job_kind = j.kind LIMIT 1) AS pause,
  (SELECT json_object('code', h.code, 'since', h.since, 'until', h.until) FROM (${ACCOUNT_HOLD}) h) AS hold,
  ${AHEAD} AS ahead,
  ${RECENT_RUNS} AS runs`;

type FewRow = AudioProgress & {
  readonly artifacts: string;
  readonly labels: string;
  readonly pause: string | null;
  readonly hold: string | null;
  readonly ahead: number | null;
  readonly runs: string;
};

/** Statements that read a job with all its details, for `detailOf`. `owner` is SQL of our own, in which ?3 is the value. */
export function selectJob(
  db: D1Database,
  id: string,
  owner: { readonly sql: string; readonly value: string },
): readonly D1PreparedStatement[] {
  const of = (sql: string) => db.prepare(sql).bind(id);
  return [
    db
      .prepare(
        `SELECT ${JOB}, ${REUSED_NOTICES} AS reusedNotices, ${FEW}
           FROM jobs j WHERE j.id = ?2 AND j.owner_id = ${owner.sql} AND j.archive_id IS NULL`,
      )
      .bind(Date.now(), id, owner.value),
    of(
      `SELECT id, kind, state, model, attempt, scheduled_at AS scheduledAt, recording FROM tasks WHERE job_id = ?1 AND is_side = 0 ORDER BY id`,
    ),
    // A long recording has hundreds of attempts; the latest are the most useful.
    of(
      `SELECT * FROM (SELECT ${ATTEMPT_COLUMNS} FROM attempts a JOIN tasks t ON t.id = a.task_id
                       WHERE t.job_id = ?1 AND t.is_side = 0 ORDER BY a.started_at DESC, a.number DESC LIMIT 100)
        ORDER BY startedAt, number`,
    ),
  ];
}

/** Return the job that the statements of `selectJob` have read; null if this owner has no such job. */
export function detailOf(results: readonly D1Result<never>[]): JobDetail | null {
  const [rows, tasks, attempts] = results;
  const row = rows?.results[0];
  return row === undefined
    ? null
    : { ...rowDetail(row), tasks: tasks?.results ?? [], attempts: attempts?.results ?? [] };
}

/** The JSON is our own, from FEW. */
function rowDetail(row: JobRow & FewRow): Omit<JobDetail, "tasks" | "attempts"> {
  const { artifacts, labels, audioMsDone, audioMsTotal, pause, hold, ahead, runs, ...job } = row;
  return {
    job,
    artifacts: JSON.parse(artifacts) as JobDetail["artifacts"],
    labels: JSON.parse(labels) as JobDetail["labels"],
    progress: { audioMsDone, audioMsTotal },
    pause: JSON.parse(pause ?? "null") as JobDetail["pause"],
    hold: JSON.parse(hold ?? "null") as JobDetail["hold"],
    ahead,
    runs: JSON.parse(runs) as JobDetail["runs"],
  };
}

/** Find jobs of this owner by their ids, in no particular order. An archived job has only the beginning of its input. */
export async function findJobs(db: D1Database, jobs: OwnJobs): Promise<readonly JobRow[]> {
  return find(db, jobs, JOB);
}

/** Find jobs of this owner as a list shows them: a long input has only its beginning. */
export async function findListedJobs(db: D1Database, jobs: OwnJobs): Promise<readonly JobRow[]> {
  return find(db, jobs, LISTED_JOB);
}

interface OwnJobs {
  readonly ids: readonly string[];
  readonly ownerId: string;
}

async function find(db: D1Database, { ids, ownerId }: OwnJobs, columns: string): Promise<readonly JobRow[]> {
  if (ids.length === 0) return [];
  const { results } = await db
    .prepare(`SELECT ${columns} FROM jobs j WHERE j.id IN (SELECT value FROM json_each(?1)) AND j.owner_id = ?2`)
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
