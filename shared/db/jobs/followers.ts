import { isThinFingerprint } from "../archive/contents.ts";
import { checkAt } from "../tasks/check-at.ts";
import { insertDeliveries } from "../webhooks/deliveries.ts";
import { readCursor, writeCursor } from "./maintenance.ts";
import { ENDED_JOB, endingJobs, openingTasks } from "./ends.ts";
import { type Changes, NOTHING, sumOf } from "../../jobs/changes.ts";
import { type Returning, returning, transact } from "../transact.ts";

// Jobs that wait for an identical one, to reuse its result instead of paying for another.

/** How many followers get their result in one transaction: some ten written rows each. */
const SERVED_AT_ONCE = 1000;

/** How many leaders maintenance looks at in one run. */
const LEADERS_AT_ONCE = 500;

/** How often maintenance gives a thousand followers their result in one run. */
const MOST_ROUNDS = 20;

/** The cursor's name: the last leader that maintenance looked at. */
const LEADERS_SEEN = "leaders_seen";

// The leader is null if it was pruned. A leader without a fingerprint was redriven with other options. Both count as failed. The
// followers of an archived leader wait until it is brought back.
const IS_DONE = `l.state = 'completed' AND l.fingerprint IS NOT NULL AND l.archive_id IS NULL`;
const IS_LOST = `(l.id IS NULL OR l.fingerprint IS NULL OR l.state IN ('failed', 'cancelled'))`;

// An archived job is followed because 64 bits of its fingerprint are equal, and anybody who chooses two inputs can make those equal.
// Brought back, it has the whole fingerprint again, unless an earlier version brought it back.
const IS_UNLIKE = `l.kept_until IS NOT NULL AND NOT ${isThinFingerprint("l.fingerprint")} AND l.fingerprint <> f.fingerprint`;
const IS_SERVING = `${IS_DONE} AND NOT coalesce(${IS_UNLIKE}, 0)`;

// Followers (?2: JSON array of their ids) that still wait.
const CHOSEN = `json_each(?2) c CROSS JOIN jobs f ON f.id = c.value AND f.follows IS NOT NULL AND f.state = 'queued'`;
const SERVED = `${CHOSEN} CROSS JOIN jobs l ON l.id = f.follows AND ${IS_SERVING}
                  WHERE NOT EXISTS (SELECT 1 FROM reuses r WHERE r.job_id = f.id)`;
// Those that had reused a result before the database was set back. Their leader may be gone.
const RESTORED = `${CHOSEN} CROSS JOIN reuses r ON r.job_id = f.id`;

/**
 * SQL: the followers that run in the place of lost leaders (a JSON array of leaders): one for each fingerprint. Followers of one archived
 * job may differ, and none of them is to get another's result.
 */
const heirsOf = (leaders: string) => `SELECT id, follows, fingerprint FROM (
                 SELECT f.id, f.follows, f.fingerprint,
                        row_number() OVER (PARTITION BY f.follows, f.fingerprint ORDER BY f.priority, f.created_at, f.id) AS place
                   FROM json_each(${leaders}) n LEFT JOIN jobs l ON l.id = n.value
                        CROSS JOIN jobs f INDEXED BY jobs_following ON f.follows = n.value
                  WHERE (${IS_LOST} OR (${IS_DONE} AND ${IS_UNLIKE})) AND f.follows IS NOT NULL AND f.state = 'queued')
                WHERE place = 1`;

/** Find the jobs of these tasks (?1: JSON array of task ids) that other jobs wait for. */
export function findFollowed(db: D1Database, taskIds: string): Returning<{ readonly followed: readonly string[] }> {
  const followed = db
    .prepare(
      `SELECT DISTINCT t.job_id AS id FROM tasks t
        WHERE t.id IN (SELECT value FROM json_each(?1))
          AND EXISTS (SELECT 1 FROM jobs f WHERE f.follows = t.job_id AND f.state = 'queued')`,
    )
    .bind(taskIds);
  return returning(followed, (rows: readonly { id: string }[]) => ({ followed: rows.map(({ id }) => id) }));
}

/**
 * Give followers of completed jobs their result, at most a thousand. If a job failed, was cancelled or is gone, one of its followers
 * runs in its place, and the others follow that one. A job that had its result before a restore gets it again, whatever happened to
 * its leader. Nothing is changed, and no follower is read, while a leader still runs.
 * @param leaders the ids of the jobs that are followed.
 */
export async function releaseFollowers(db: D1Database, now: number, leaders: readonly string[]): Promise<Changes> {
  const due = await findDue(db, leaders);
  if (due.followers.length === 0 && due.lost.length === 0) return NOTHING;
  const followers = JSON.stringify(due.followers);
  const lost = JSON.stringify(due.lost);
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
    .bind(now, followers);
  const opened = db
    .prepare(
      `UPDATE tasks SET state = 'available', scheduled_at = ?1, check_at = ${checkAt("?1")}
        WHERE state = 'pending' AND stage = 0 AND job_id IN (SELECT id FROM (${heirsOf("?2")}))
       RETURNING id AS opened`,
    )
    .bind(now, lost);
  const serving = [...copyResults(db, now, followers), endingJobs(served)];
  const passingOn = [
    openingTasks(opened),
    db
      .prepare(
        `UPDATE jobs SET follows = nullif(h.id, jobs.id) FROM (${heirsOf("?1")}) h
          WHERE jobs.follows = h.follows AND jobs.fingerprint IS h.fingerprint AND jobs.state = 'queued'`,
      )
      .bind(lost),
  ];
  const changes = await transact<Partial<Changes>>(db, [
    ...(due.followers.length > 0 ? serving : []),
    ...(due.lost.length > 0 ? passingOn : []),
    ...insertDeliveries(db, now),
  ]);
  return sumOf(changes);
}

/**
 * Release followers whose leader's end no consumer handled, or that were too many at once. Each call looks at the next leaders, in
 * turn.
 */
export async function releaseForgotten(db: D1Database, now: number): Promise<Changes> {
  const after = await readCursor(db, LEADERS_SEEN);
  const leaders = await readLeaders(db, after, LEADERS_AT_ONCE);
  const released: Changes[] = [];
  do released.push(await releaseFollowers(db, now, leaders));
  while (released.length < MOST_ROUNDS && released.at(-1)?.endedJobs.length === SERVED_AT_ONCE);
  const next = leaders.length < LEADERS_AT_ONCE ? null : (leaders.at(-1) ?? null);
  if (next !== after) await writeCursor(db, LEADERS_SEEN, next);
  return sumOf(released);
}

/** Read jobs that are followed, in the order of their ids: two rows for each, however many followers it has. */
export async function readLeaders(db: D1Database, after: string | null, limit: number): Promise<readonly string[]> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE leaders (id) AS (
         SELECT min(follows) FROM jobs WHERE follows IS NOT NULL AND follows > ?1
         UNION ALL
         SELECT (SELECT min(f.follows) FROM jobs f WHERE f.follows IS NOT NULL AND f.follows > leaders.id)
           FROM leaders WHERE leaders.id IS NOT NULL
       )
       SELECT id FROM leaders WHERE id IS NOT NULL LIMIT ?2 + 0`,
    )
    .bind(after ?? "", limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Find the followers of these leaders that get a result, and the leaders that are lost. */
async function findDue(
  db: D1Database,
  leaders: readonly string[],
): Promise<{ readonly followers: readonly string[]; readonly lost: readonly string[] }> {
  if (leaders.length === 0) return { followers: [], lost: [] };
  const waiting = `jobs f INDEXED BY jobs_following ON f.follows = n.value`;
  const of = (sql: string) => db.prepare(sql).bind(JSON.stringify(leaders));
  const [served, restored, lost] = await db.batch<{ id: string }>([
    of(
      `SELECT f.id FROM json_each(?1) n CROSS JOIN jobs l ON l.id = n.value CROSS JOIN ${waiting}
        WHERE ${IS_SERVING} AND f.follows IS NOT NULL AND f.state = 'queued' LIMIT ${SERVED_AT_ONCE}`,
    ),
    // Empty but after a restore: no follower is read then.
    of(
      `SELECT f.id FROM (SELECT 1 FROM reuses LIMIT 1) e CROSS JOIN json_each(?1) n CROSS JOIN ${waiting} CROSS JOIN reuses r ON r.job_id = f.id
        WHERE f.follows IS NOT NULL AND f.state = 'queued' LIMIT ${SERVED_AT_ONCE}`,
    ),
    of(
      `SELECT n.value AS id FROM json_each(?1) n LEFT JOIN jobs l ON l.id = n.value
        WHERE (${IS_LOST} AND EXISTS (SELECT 1 FROM jobs f WHERE f.follows = n.value AND f.state = 'queued'))
           OR (${IS_DONE} AND l.kept_until IS NOT NULL
               AND EXISTS (SELECT 1 FROM jobs f WHERE f.follows = n.value AND f.state = 'queued' AND ${IS_UNLIKE}))`,
    ),
  ]);
  // Those that had a result before a restore come first: another of them must not run in the meantime.
  const isAll = idsOf(restored).length < SERVED_AT_ONCE;
  return { followers: [...new Set([...idsOf(restored), ...idsOf(served)])], lost: isAll ? idsOf(lost) : [] };
}

function idsOf(result: D1Result<{ id: string }> | undefined): readonly string[] {
  return (result?.results ?? []).map(({ id }) => id);
}

/** Copy the results that followers reuse. The followers' own tasks are not needed any more. */
function copyResults(db: D1Database, now: number, followers: string): readonly D1PreparedStatement[] {
  const copying = (sql: string) => db.prepare(sql).bind(now, followers);
  return [
    copying(
      `INSERT INTO artifacts (job_id, name, key, content_type, size_bytes, etag)
       SELECT f.id, a.name, a.key, a.content_type, a.size_bytes, a.etag
         FROM (SELECT f.id, f.follows FROM ${SERVED}) f JOIN artifacts a ON a.job_id = f.follows
       UNION ALL
       SELECT f.id, a.value ->> 'name', a.value ->> 'key', a.value ->> 'contentType', a.value ->> 'sizeBytes', a.value ->> 'etag'
         FROM (SELECT f.id, r.artifacts FROM ${RESTORED}) f, json_each(f.artifacts) a
        WHERE true ON CONFLICT (job_id, name) DO NOTHING`,
    ),
    copying(
      `INSERT INTO job_labels (job_id, label, score, owner_id, created_at)
       SELECT f.id, b.label, b.score, f.owner_id, f.created_at
         FROM (SELECT f.id, f.follows, f.owner_id, f.created_at FROM ${SERVED}) f JOIN job_labels b ON b.job_id = f.follows
       UNION ALL
       SELECT f.id, b.value ->> 'label', b.value ->> 'score', f.owner_id, f.created_at
         FROM (SELECT f.id, r.labels, f.owner_id, f.created_at FROM ${RESTORED}) f, json_each(f.labels) b
        WHERE true ON CONFLICT (job_id, label) DO NOTHING`,
    ),
    copying(
      `UPDATE tasks SET state = 'completed', finalized_at = ?1,
              recording = (SELECT o.recording FROM jobs f
                             JOIN tasks o ON o.id = f.follows || substr(tasks.id, length(f.id) + 1)
                            WHERE f.id = tasks.job_id)
        WHERE state = 'pending' AND job_id IN (SELECT f.id FROM ${SERVED} UNION ALL SELECT f.id FROM ${RESTORED})`,
    ),
  ];
}
