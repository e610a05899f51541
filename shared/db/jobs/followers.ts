import { checkAt } from "../tasks/check-at.ts";
import { insertDeliveries } from "../webhooks/deliveries.ts";
import { ENDED_JOB, endingJobs, openingTasks } from "./ends.ts";
import { type Changes, sumOf } from "../../jobs/changes.ts";
import { type Returning, returning, transact } from "../transact.ts";

// Jobs that wait for an identical one, to reuse its result instead of paying for another.

// Queued followers, with the job that each waits for. A leader that was pruned counts as failed, and so does one without a
// fingerprint: it was redriven with other options. The followers of an archived leader wait until it is brought back.
const FOLLOWERS = `jobs f LEFT JOIN jobs l ON l.id = f.follows WHERE f.follows IS NOT NULL AND f.state = 'queued'`;
const SERVED = `${FOLLOWERS} AND l.state = 'completed' AND l.fingerprint IS NOT NULL AND l.archive_id IS NULL
                  AND NOT EXISTS (SELECT 1 FROM reuses r WHERE r.job_id = f.id)`;
// Queued jobs that had reused a result before the database was set back. Their leader may be gone.
const RESTORED = `jobs f CROSS JOIN reuses r ON r.job_id = f.id WHERE f.follows IS NOT NULL AND f.state = 'queued'`;

/** Return whether any job waits for the jobs of these tasks (?1: JSON array of task ids). */
export function findFollowed(db: D1Database, taskIds: string): Returning<{ readonly isAnyFollowed: boolean }> {
  const followed = db
    .prepare(
      `SELECT 1 FROM jobs
        WHERE follows IN (SELECT job_id FROM tasks WHERE id IN (SELECT value FROM json_each(?1))) AND state = 'queued'
        LIMIT 1`,
    )
    .bind(taskIds);
  return returning(followed, (rows) => ({ isAnyFollowed: rows.length > 0 }));
}

/**
 * Give followers of completed jobs their result. If a job failed, was cancelled or is gone, one of its followers runs in its
 * place, and the others follow that one. A job that had its result before a restore gets it again, whatever happened to its
 * leader. Does nothing while all leaders still run.
 */
export async function releaseFollowers(db: D1Database, now: number): Promise<Changes> {
  const heirs = `SELECT id, follows FROM (
                   SELECT f.id, f.follows, row_number() OVER (PARTITION BY f.follows ORDER BY f.priority, f.created_at, f.id) AS place
                     FROM ${FOLLOWERS} AND (l.fingerprint IS NULL OR l.state IN ('failed', 'cancelled')))
                  WHERE place = 1`;
  const served = db
    .prepare(
      `UPDATE jobs
          SET state = 'completed', started_at = ?1, finalized_at = ?1, follows = NULL, reused_from = s.original,
              saved_neurons = coalesce(s.saved, (SELECT sum(a.neurons) FROM attempts a JOIN tasks t ON t.id = a.task_id
                                                  WHERE t.job_id = s.original))
         FROM (SELECT f.id, coalesce(l.reused_from, l.id) AS original, NULL AS saved FROM ${SERVED}
               UNION ALL
               SELECT f.id, r.reused_from, r.saved_neurons FROM ${RESTORED}) s
        WHERE jobs.id = s.id
       RETURNING ${ENDED_JOB}`,
    )
    .bind(now);
  const opened = db
    .prepare(
      `UPDATE tasks SET state = 'available', scheduled_at = ?1, check_at = ${checkAt("?1")}
        WHERE state = 'pending' AND stage = 0 AND job_id IN (SELECT id FROM (${heirs}))
       RETURNING id AS opened`,
    )
    .bind(now);
  const changes = await transact<Partial<Changes>>(db, [
    ...copyResults(db, now),
    endingJobs(served),
    openingTasks(opened),
    db.prepare(
      `UPDATE jobs SET follows = nullif(h.id, jobs.id) FROM (${heirs}) h
        WHERE jobs.follows = h.follows AND jobs.state = 'queued'`,
    ),
    ...insertDeliveries(db, now),
  ]);
  return sumOf(changes);
}

/** Copy the results that followers reuse. The followers' own tasks are not needed any more. */
function copyResults(db: D1Database, now: number): readonly D1PreparedStatement[] {
  return [
    db.prepare(
      `INSERT INTO artifacts (job_id, name, key, content_type, size_bytes, etag)
       SELECT f.id, a.name, a.key, a.content_type, a.size_bytes, a.etag
         FROM (SELECT f.id, f.follows FROM ${SERVED}) f JOIN artifacts a ON a.job_id = f.follows
       UNION ALL
       SELECT f.id, a.value ->> 'name', a.value ->> 'key', a.value ->> 'contentType', a.value ->> 'sizeBytes', a.value ->> 'etag'
         FROM (SELECT f.id, r.artifacts FROM ${RESTORED}) f, json_each(f.artifacts) a
        WHERE true ON CONFLICT (job_id, name) DO NOTHING`,
    ),
    db.prepare(
      `INSERT INTO job_labels (job_id, label, score)
       SELECT f.id, b.label, b.score
         FROM (SELECT f.id, f.follows FROM ${SERVED}) f JOIN job_labels b ON b.job_id = f.follows
       UNION ALL
       SELECT f.id, b.value ->> 'label', b.value ->> 'score'
         FROM (SELECT f.id, r.labels FROM ${RESTORED}) f, json_each(f.labels) b
        WHERE true ON CONFLICT (job_id, label) DO NOTHING`,
    ),
    db
      .prepare(
        `UPDATE tasks SET state = 'completed', finalized_at = ?1,
                recording = (SELECT o.recording FROM jobs f
                               JOIN tasks o ON o.id = f.follows || substr(tasks.id, length(f.id) + 1)
                              WHERE f.id = tasks.job_id)
          WHERE state = 'pending' AND job_id IN (SELECT f.id FROM ${SERVED} UNION ALL SELECT f.id FROM ${RESTORED})`,
      )
      .bind(now),
  ];
}
