// How long ended jobs are kept: one number of days for all owners, and other numbers for some.
import { type Actor, insertAudit } from "../keys/audit.ts";
import { readCursor } from "./maintenance.ts";
import { DAY_MS } from "../../durations.ts";

/** How long an owner's ended jobs are kept. */
export interface Retention {
  readonly ownerId: string;
  readonly days: number;
  /** Epoch milliseconds. */
  readonly setAt: number;
}

const COLUMNS = `owner_id AS ownerId, days, set_at AS setAt`;

/** List the retentions that were set, for this owner or (null) for all. */
export async function listRetentions(db: D1Database, ownerId: string | null): Promise<readonly Retention[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM retentions WHERE ?1 IS NULL OR owner_id = ?1 ORDER BY owner_id`)
    .bind(ownerId)
    .all<Retention>();
  return results;
}

export async function setRetention(db: D1Database, { ownerId, days, setAt }: Retention, actor: Actor): Promise<void> {
  await db.batch([
    insertAudit(db, actor, { act: "retention.set", subject: subjectOf(ownerId), detail: { days }, now: setAt }, "true"),
    db
      .prepare(
        `INSERT INTO retentions (owner_id, days, set_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (owner_id) DO UPDATE SET days = excluded.days, set_at = excluded.set_at`,
      )
      .bind(ownerId, days, setAt),
  ]);
}

/** @returns whether one was set. */
export async function deleteRetention(db: D1Database, ownerId: string, actor: Actor, now: number): Promise<boolean> {
  const isThere = `EXISTS (SELECT 1 FROM retentions WHERE 'retention:' || owner_id = ?1)`;
  const [, deleted] = await db.batch([
    insertAudit(db, actor, { act: "retention.delete", subject: subjectOf(ownerId), now }, isThere),
    db.prepare(`DELETE FROM retentions WHERE owner_id = ?1`).bind(ownerId),
  ]);
  return (deleted?.meta.changes ?? 0) > 0;
}

function subjectOf(ownerId: string): string {
  return `retention:${ownerId}`;
}

/** A job whose retention is over: it ended before this time. */
export interface ExpiredJob {
  readonly id: string;
  readonly endedBefore: number;
}

/** How many rows one call looks at, among jobs of owners without a shorter retention. */
const LOOKED_AT = 1000;

/** The name of the cursor with the end and the id of the last job that was looked at. Many jobs may end in the same millisecond. */
export const RETENTION_CURSOR = "retention";

/** A job whose result others reuse stays as long as they do, because the objects are its own. */
const IS_REUSED = `EXISTS (SELECT 1 FROM jobs r WHERE r.reused_from = j.id)`;

export interface ExpiredJobs {
  readonly jobs: readonly ExpiredJob[];
  /** How many others were looked at. */
  readonly keptCount: number;
  /** The cursor's value once these jobs are gone. */
  readonly next: string | null;
  /** Whether every job that may have expired was looked at since the cursor was last null. */
  readonly isRoundOver: boolean;
}

/**
 * Find jobs to delete, a thousand or two. Those of owners with a shorter retention are found by owner. All others are found in
 * the order of their ends. Jobs that are kept longer, or that others reuse, are skipped and come round again.
 */
export async function findExpiredJobs(
  db: D1Database,
  { now, days, limit = LOOKED_AT }: { now: number; days: number; limit?: number },
): Promise<ExpiredJobs> {
  const before = now - days * DAY_MS;
  // An earlier version stored only the end.
  const [end = "0", lastId = ""] = (await readCursor(db, RETENTION_CURSOR))?.split(" ") ?? [];
  const [own, all] = await db.batch<ExpiredJob & { finalizedAt: number; isExpired: number }>([
    db
      .prepare(
        `SELECT j.id, ?1 - r.days * ${DAY_MS} AS endedBefore
           FROM retentions r CROSS JOIN jobs j INDEXED BY jobs_by_owner
          WHERE r.days < ?2 AND j.owner_id = r.owner_id AND j.created_at < ?1 - r.days * ${DAY_MS}
            AND j.finalized_at < ?1 - r.days * ${DAY_MS} AND NOT ${IS_REUSED}
          LIMIT ?3`,
      )
      .bind(now, days, limit),
    db
      .prepare(
        `SELECT j.id, j.finalized_at AS finalizedAt, ?1 - coalesce(r.days, ?2) * ${DAY_MS} AS endedBefore,
                j.finalized_at < ?1 - coalesce(r.days, ?2) * ${DAY_MS} AND NOT ${IS_REUSED} AS isExpired
           FROM jobs j INDEXED BY jobs_finalized LEFT JOIN retentions r ON r.owner_id = j.owner_id
          WHERE j.finalized_at IS NOT NULL AND (j.finalized_at, j.id) > (?3, ?6) AND j.finalized_at < ?4
          ORDER BY j.finalized_at, j.id LIMIT ?5`,
      )
      .bind(now, days, Number(end), before, limit, lastId),
  ]);
  const ofOwners = own?.results ?? [];
  const looked = all?.results ?? [];
  const expired = looked.filter(({ isExpired }) => isExpired === 1);
  const isLast = looked.length < limit;
  const last = looked.at(-1);
  return {
    jobs: [...ofOwners, ...expired].map(({ id, endedBefore }) => ({ id, endedBefore })),
    keptCount: looked.length - expired.length,
    next: isLast || last === undefined ? null : `${last.finalizedAt} ${last.id}`,
    isRoundOver: isLast && ofOwners.length < limit,
  };
}

/** Delete unreadable messages, and deliveries that belong to no job, that are older than this. */
export async function deleteStrays(db: D1Database, before: number): Promise<void> {
  await db.batch([
    db.prepare(`DELETE FROM dead_letters WHERE job_id IS NULL AND created_at < ?1`).bind(before),
    db.prepare(`DELETE FROM webhook_deliveries WHERE job_id IS NULL AND created_at < ?1`).bind(before),
  ]);
}
