import { checkAt } from "../tasks/check-at.ts";
import { type Actor, insertAudit } from "../keys/audit.ts";
import { HAS_ITS_JOB, type UploadRecord } from "../../uploads/announcement.ts";
import type { NewJob } from "../../jobs/new-job.ts";
import { UPLOADS_PREFIX } from "../../uploads/storage.ts";
import { releaseFollowers } from "./followers.ts";
import type { Changes } from "../../jobs/changes.ts";
import { type Returning, returning, transact } from "../transact.ts";
import { isOneJob } from "../keys/job-limit.ts";
import { insertMarks } from "./tags-and-metadata.ts";
import { stopJobs } from "./stop-jobs.ts";
import { isNewcomer } from "../tasks/newcomers.ts";
import { formatOf } from "../tasks/task-formats.ts";
import { DAY_MS } from "../../durations.ts";
import { thinFingerprint } from "../archive/contents.ts";

export interface InsertedJobs extends Changes {
  /** The ids of the new tasks. */
  readonly tasks: readonly string[];
  /** Whether messages are under way for a model of these jobs that is asked as often as it allows. */
  readonly isBusy: boolean;
  /** The ids of new jobs that were to wait for the result of another. Most have it by now. */
  readonly followers: readonly string[];
  /** Uploads that were to have a job and got none: they are ignored, for this reason. */
  readonly refused: readonly { readonly key: string; readonly etag: string; readonly ignoredReason: string }[];
}

/**
 * Insert jobs with their tasks, and the uploads that they come from, in one transaction. What is already known stays as it is:
 * an upload announced before, a job with the same id. If an identical job (same owner, same fingerprint) has completed or is
 * running, the new job reuses its result, unless it must not. A job is left out if its API key is at its limit, if its upload's
 * key has become a job with other bytes, or if the upload's job was deleted before the database was set back.
 */
export async function insertJobs(
  db: D1Database,
  {
    jobs,
    uploads,
    alongside = [],
  }: {
    jobs: readonly NewJob[];
    uploads: readonly UploadRecord[];
    /** What must be written with the jobs, or not at all. */
    alongside?: readonly D1PreparedStatement[];
  },
  now: number,
): Promise<InsertedJobs> {
  const placed = withPlaces(withTwins(jobs));
  const second = new Set(placed.filter(({ isSecond }) => isSecond === 1).map(({ id }) => id));
  const jobRows = JSON.stringify(placed);
  const uploadRows = JSON.stringify(
    uploads.map((upload) => (second.has(upload.jobId ?? "") ? { ...upload, ifRefused: HAS_ITS_JOB } : upload)),
  );
  const answers = await transact<Inserting>(db, [
    insertAllowed(db, jobRows),
    insertFirstTasks(db, jobRows),
    ...(jobs.some(({ steps }) => steps.length > 0) ? [insertSteps(db, jobRows)] : []),
    ...(jobs.some(({ tags, metadata }) => tags !== null || metadata !== null) ? [insertMarks(db, jobRows)] : []),
    ...(uploads.length > 0 ? [insertUploads(db, uploadRows, now)] : []),
    ...(jobs.length > 0 ? [findBusy(db, jobRows, now)] : []),
    ...alongside,
  ]);
  const tasks = answers.flatMap((answer) => answer.tasks ?? []);
  const ready = tasks.flatMap(({ id, state }) => (state === "available" ? [id] : []));
  const waiting = new Set(tasks.flatMap(({ id, state }) => (state === "available" ? [] : [id])));
  const followers = jobs.flatMap(({ id, taskId }) => (waiting.has(taskId) ? [id] : []));
  const leaders = new Set(tasks.flatMap(({ leader }) => leader ?? []));
  const released = await releaseFollowers(db, now, [...leaders]);
  const wanted = new Set(uploads.filter(({ jobId }) => jobId !== null).map(idOf));
  const refused = answers
    .flatMap((answer) => answer.uploads ?? [])
    .flatMap(({ key, etag, ignoredReason }) =>
      ignoredReason !== null && wanted.has(idOf({ key, etag })) ? [{ key, etag, ignoredReason }] : [],
    );
  const isBusy = answers.some((answer) => answer.isBusy === true);
  return { ...released, ready, tasks: tasks.map(({ id }) => id), followers, refused, isBusy };
}

/** The new rows: tasks and uploads. */
interface Inserting {
  readonly isBusy?: boolean;
  readonly tasks?: readonly { readonly id: string; readonly state: string; readonly leader: string | null }[];
  readonly uploads?: readonly { readonly key: string; readonly etag: string; readonly ignoredReason: string | null }[];
}

function idOf({ key, etag }: { readonly key: string; readonly etag: string }): string {
  return JSON.stringify([key, etag]);
}

/**
 * Whether the job is that of an object stored within a day before it. After a restore the sweep finds such an object again, because it
 * looks at all of the last 31 days; of others the bucket keeps a record (records.ts).
 */
const isOfNewObject = `coalesce(j.value ->> '$.upload.storedAt' > j.value ->> 'createdAt' - ${DAY_MS}, 0)`;

/** Insert the jobs that may be inserted, with the job that each follows. */
function insertAllowed(db: D1Database, jobRows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, priority, start_by, deadline_at, fingerprint, limited_key,
                         tags, metadata, choice, max_neurons, estimate, is_of_source, follows)
       SELECT j.value ->> 'id', j.value ->> 'ownerId', j.value ->> 'kind', 'queued', j.value ->> 'input', j.value ->> 'createdAt',
              j.value ->> 'priority', j.value ->> 'startBy', j.value ->> 'deadlineAt', j.value ->> 'fingerprint',
              j.value ->> '$.limit.keyId', j.value ->> 'tags', j.value ->> 'metadata', j.value ->> 'choice',
              j.value ->> 'maxNeurons', j.value ->> 'estimate', ${isOfNewObject},
              coalesce(
                -- Before the database was set back it had this job's result: releaseFollowers gives it that result again.
                (SELECT r.reused_from FROM reuses r WHERE r.job_id = j.value ->> 'id'),
                iif(j.value ->> 'reuse', coalesce(
                  (SELECT l.id FROM jobs l
                    WHERE l.owner_id = j.value ->> 'ownerId'
                      AND l.fingerprint IN (j.value ->> 'fingerprint', ${thinFingerprint("j.value ->> 'fingerprint'")})
                      AND l.id <> j.value ->> 'id' AND l.follows IS NULL AND l.reused_from IS NULL
                      AND l.state IN ('completed', 'running', 'queued')
                    -- Of completed jobs, one with the whole fingerprint: it need not be brought back, and is identical for certain.
                    ORDER BY l.state = 'completed' DESC, l.fingerprint <> j.value ->> 'fingerprint', l.created_at LIMIT 1),
                  (SELECT j.value ->> 'twin' WHERE NOT EXISTS (SELECT 1 FROM reuses r WHERE r.job_id = j.value ->> 'twin'))), NULL))
         FROM json_each(?1) j
        WHERE NOT EXISTS (
                SELECT 1 FROM uploads u INDEXED BY uploads_with_job
                 WHERE u.bucket = j.value ->> '$.upload.bucket'
                   AND u.key = j.value ->> '$.upload.key' AND u.job_id IS NOT NULL
                   AND (u.etag = j.value ->> '$.upload.etag' OR ${isOneJob("u.key")}))
          AND j.value ->> 'isSecond' = 0
          AND NOT EXISTS (
                SELECT 1 FROM tombstones d
                 WHERE d.job_id = j.value ->> 'id' AND j.value ->> '$.upload.key' IS NOT NULL
                   AND d.deleted_at >= coalesce(j.value ->> '$.upload.storedAt', 0))
          AND (j.value ->> '$.limit.maxConcurrentJobs' IS NULL
               OR j.value ->> 'place' < (j.value ->> '$.limit.maxConcurrentJobs') - (
                    SELECT count(*) FROM jobs l WHERE l.limited_key = j.value ->> '$.limit.keyId' AND l.finalized_at IS NULL))
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(jobRows);
}

/** Insert the first tasks of the jobs that exist now. An archived job had its tasks. */
function insertFirstTasks(db: D1Database, jobRows: string): Returning<Pick<Inserting, "tasks">> {
  const insertedTasks = db
    .prepare(
      `INSERT INTO tasks (id, job_id, kind, format, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id, priority, model, is_newcomer)
       SELECT j.value ->> 'taskId', o.id, j.value ->> 'taskKind', ${formatOf("(j.value ->> 'taskKind')")}, iif(o.follows IS NULL, 'available', 'pending'), o.input,
              j.value ->> 'maxAttempts', o.created_at, ${checkAt("o.created_at")}, o.created_at, o.owner_id, o.priority, j.value ->> 'model', ${isNewcomer("o", "j.value ->> 'taskKind'", "j.value ->> 'model'")}
         FROM json_each(?1) j JOIN jobs o ON o.id = j.value ->> 'id'
        WHERE o.owner_id = j.value ->> 'ownerId' AND o.kind = j.value ->> 'kind' AND o.input = j.value ->> 'input' AND o.archive_id IS NULL
       ON CONFLICT (id) DO NOTHING
       RETURNING id, state, iif(state = 'pending', (SELECT f.follows FROM jobs f WHERE f.id = job_id), NULL) AS leader`,
    )
    .bind(jobRows);
  return returning(insertedTasks, (tasks: NonNullable<Inserting["tasks"]>) => ({ tasks }));
}

function findBusy(db: D1Database, jobRows: string, now: number): Returning<Pick<Inserting, "isBusy">> {
  const busy = db
    .prepare(
      `SELECT 1 FROM model_minutes WHERE model IN (SELECT value ->> 'model' FROM json_each(?1)) AND woken_until > ?2 LIMIT 1`,
    )
    .bind(jobRows, now);
  return returning(busy, (rows) => ({ isBusy: rows.length > 0 }));
}

/** Insert the uploads: those whose job exists, and those that get none, with the reason. */
function insertUploads(db: D1Database, uploadRows: string, now: number): Returning<Pick<Inserting, "uploads">> {
  const insertedUploads = db
    .prepare(
      `INSERT INTO uploads (bucket, key, etag, owner_id, size_bytes, job_id, ignored_reason, created_at)
       SELECT u.value ->> 'bucket', u.value ->> 'key', u.value ->> 'etag', u.value ->> 'ownerId',
              u.value ->> 'sizeBytes', coalesce(j.id, d.job_id),
              iif(coalesce(j.id, d.job_id) IS NOT NULL, NULL, coalesce(
                u.value ->> 'ignoredReason',
                (SELECT ?3 FROM uploads o INDEXED BY uploads_with_job
                  WHERE o.bucket = u.value ->> 'bucket' AND o.key = u.value ->> 'key' AND o.job_id IS NOT NULL
                    AND o.etag <> u.value ->> 'etag' AND ${isOneJob("o.key")} LIMIT 1),
                u.value ->> 'ifRefused')), ?2
         FROM json_each(?1) u LEFT JOIN jobs j ON j.id = u.value ->> 'jobId'
              -- It had that job, which was deleted.
              LEFT JOIN tombstones d ON d.job_id = u.value ->> 'jobId' AND j.id IS NULL
                   AND d.deleted_at >= coalesce(u.value ->> 'storedAt', 0)
        WHERE u.value ->> 'jobId' IS NULL OR j.id IS NOT NULL OR d.job_id IS NOT NULL OR u.value ->> 'ifRefused' IS NOT NULL
       ON CONFLICT (bucket, key, etag) DO UPDATE SET job_id = excluded.job_id, ignored_reason = NULL
        WHERE uploads.job_id IS NULL AND excluded.job_id IS NOT NULL
       RETURNING key, etag, ignored_reason AS ignoredReason`,
    )
    .bind(uploadRows, now, HAS_ITS_JOB);
  return returning(insertedUploads, (uploads: NonNullable<Inserting["uploads"]>) => ({ uploads }));
}

/** Insert the steps of these jobs, which wait for the stages before theirs. */
function insertSteps(db: D1Database, jobRows: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO tasks (id, job_id, kind, format, stage, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id, priority, model)
       SELECT o.id || '.' || (s.value ->> 'kind'), o.id, s.value ->> 'kind', ${formatOf("(s.value ->> 'kind')")}, s.value ->> 'stage', 'pending',
              '{}', j.value ->> 'maxAttempts', o.created_at, ${checkAt("o.created_at")}, o.created_at, o.owner_id, o.priority, s.value ->> 'model'
         FROM json_each(?1) j JOIN jobs o ON o.id = j.value ->> 'id', json_each(j.value, '$.steps') s
        WHERE o.owner_id = j.value ->> 'ownerId' AND o.kind = j.value ->> 'kind' AND o.input = j.value ->> 'input' AND o.archive_id IS NULL
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(jobRows);
}

/** If identical jobs come together, only the first one runs. A statement cannot decide that: it does not see its own rows. */
function withTwins(jobs: readonly NewJob[]): readonly (NewJob & { readonly twin?: string })[] {
  const first = new Map<string, string>();
  return jobs.map((job) => {
    const identity = JSON.stringify([job.ownerId, job.fingerprint]);
    const twin = first.get(identity);
    if (twin === undefined) first.set(identity, job.id);
    return twin === undefined || twin === job.id ? job : { ...job, twin };
  });
}

/**
 * Find the place of each job among those that come with it, because a statement does not see its own rows: how many with the
 * same API key come before it, and whether its upload's key came before with other bytes.
 */
function withPlaces<Job extends NewJob>(jobs: readonly Job[]): readonly (Job & { place: number; isSecond: number })[] {
  const ofKey = new Map<string, number>();
  const etags = new Map<string, string>();
  return jobs.map((job) => {
    const { limit, upload } = job;
    const place = limit === undefined ? 0 : (ofKey.get(limit.keyId) ?? 0);
    if (limit !== undefined) ofKey.set(limit.keyId, place + 1);
    if (upload?.key.startsWith(UPLOADS_PREFIX) !== true) return { ...job, place, isSecond: 0 };
    const first = etags.get(upload.key) ?? upload.etag;
    etags.set(upload.key, first);
    return { ...job, place, isSecond: Number(first !== upload.etag) };
  });
}

/** Cancel a job that has not ended: `endedJobs` then has it. A running attempt of it is stopped within about two seconds. */
export async function cancelJob(db: D1Database, id: string, actor: Actor, now: number): Promise<Changes> {
  const isTheirs = `EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND owner_id = ?2 AND state IN ('queued', 'running'))`;
  const audit = insertAudit(db, actor, { act: "job.cancel", subject: id, now }, isTheirs);
  return stopJobs(db, [{ id, ownerId: actor.ownerId, state: "cancelled", failure: null }], now, [audit]);
}
