import { insertAudit } from "./audit.ts";
import type { Announcement } from "../upload-event.ts";
import type { NewJob } from "../new-job.ts";

/** An upload with what became of it: a job, or the reason why none. */
export interface UploadRecord extends Announcement {
  readonly ownerId: string;
  readonly sizeBytes: number;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
}

/**
 * Insert jobs with their tasks, and the uploads they come from, in one transaction.
 * What is already known stays as it is: an upload announced before, a job of the same id.
 * @returns the ids of the tasks that are new, in no order: those to wake the queue for.
 */
export async function insertJobs(
  db: D1Database,
  { jobs, uploads }: { jobs: readonly NewJob[]; uploads: readonly UploadRecord[] },
  now: number,
): Promise<readonly string[]> {
  const jobRows = JSON.stringify(jobs);
  const uploadRows = JSON.stringify(uploads);
  const statements = [
    db
      .prepare(
        `INSERT INTO jobs (id, owner_id, kind, state, input, created_at)
         SELECT j.value ->> 'id', j.value ->> 'ownerId', j.value ->> 'kind', 'queued', j.value ->> 'input', j.value ->> 'createdAt'
           FROM json_each(?1) j
          WHERE NOT EXISTS (
                  SELECT 1 FROM uploads u
                   WHERE u.bucket = j.value ->> '$.upload.bucket'
                     AND u.key = j.value ->> '$.upload.key' AND u.etag = j.value ->> '$.upload.etag'
                     AND u.job_id IS NOT NULL)
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(jobRows),
    db
      .prepare(
        `INSERT INTO tasks (id, job_id, kind, state, args, max_attempts, scheduled_at, check_at, created_at)
         SELECT j.value ->> 'taskId', j.value ->> 'id', j.value ->> 'taskKind', 'available', j.value ->> 'input',
                j.value ->> 'maxAttempts', j.value ->> 'createdAt', j.value ->> 'checkAt', j.value ->> 'createdAt'
           FROM json_each(?1) j
          WHERE EXISTS (SELECT 1 FROM jobs o WHERE o.id = j.value ->> 'id' AND o.owner_id = j.value ->> 'ownerId'
                          AND o.kind = j.value ->> 'kind' AND o.input = j.value ->> 'input')
         ON CONFLICT (id) DO NOTHING
         RETURNING id`,
      )
      .bind(jobRows),
  ];
  if (uploads.length > 0) {
    statements.push(
      db
        .prepare(
          `INSERT INTO uploads (bucket, key, etag, owner_id, size_bytes, job_id, ignored_reason, created_at)
           SELECT u.value ->> 'bucket', u.value ->> 'key', u.value ->> 'etag', u.value ->> 'ownerId',
                  u.value ->> 'sizeBytes', u.value ->> 'jobId', u.value ->> 'ignoredReason', ?2
             FROM json_each(?1) u
            WHERE true
           ON CONFLICT (bucket, key, etag) DO UPDATE SET job_id = excluded.job_id, ignored_reason = NULL
            WHERE uploads.job_id IS NULL AND excluded.job_id IS NOT NULL`,
        )
        .bind(uploadRows, now),
    );
  }
  const [, tasks] = await db.batch<{ id: string }>(statements);
  return (tasks?.results ?? []).map((row) => row.id);
}

/**
 * Cancel a job that has not ended: no task of it can be leased any more, and one that runs settles nothing.
 * @returns whether this call cancelled it.
 */
export async function cancelJob(
  db: D1Database,
  job: { id: string; ownerId: string },
  now: number,
  actor = "system",
): Promise<boolean> {
  const [, cancelled] = await db.batch<{ id: string }>([
    insertAudit(
      db,
      { ownerId: job.ownerId, actor },
      { act: "job.cancel", subject: job.id, now },
      `EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND owner_id = ?2 AND state IN ('queued', 'running'))`,
    ),
    db
      .prepare(
        `UPDATE jobs SET state = 'cancelled', finalized_at = ?3
          WHERE id = ?1 AND owner_id = ?2 AND state IN ('queued', 'running')
         RETURNING id`,
      )
      .bind(job.id, job.ownerId, now),
    db
      .prepare(
        `INSERT INTO attempts (task_id, number, outcome, started_at, finished_at)
         SELECT t.id, t.attempt, 'cancelled', t.leased_at, ?2
           FROM tasks t JOIN jobs j ON j.id = t.job_id
          WHERE t.job_id = ?1 AND t.state = 'running' AND j.state = 'cancelled'`,
      )
      .bind(job.id, now),
    db
      .prepare(
        `UPDATE tasks
            SET state = 'cancelled', finalized_at = ?2, lease_id = NULL, leased_at = NULL
          WHERE job_id = ?1 AND finalized_at IS NULL
            AND EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND state = 'cancelled')`,
      )
      .bind(job.id, now),
  ]);
  return (cancelled?.results.length ?? 0) > 0;
}
