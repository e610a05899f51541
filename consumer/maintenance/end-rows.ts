// Deletes rows that would otherwise stay for ever: uploads, acts, and answers to requests with an idempotency key.
import { deleteOld, type EndingTable } from "../../shared/db/ends.ts";
import { pruneAnswers } from "../../shared/db/keys/idempotency.ts";
import { noteForgotten, readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { DAY_MS, HOUR_MS } from "../../shared/durations.ts";
import { lasting } from "../../shared/time-limit.ts";

export interface EndingDeps {
  readonly db: D1Database;
  /** See `UPLOAD_DAYS` and `AUDIT_DAYS` in shared/settings.ts. */
  readonly uploadDays: number;
  readonly auditDays: number;
}

/** A database can be set back by 30 days, and the sweep must then find each upload again that the database has forgotten. */
export const SHORTEST_UPLOAD_DAYS = 31;

/** The most rows that a statement deletes. A run begins no statement after `BEGIN_WITHIN_MS`. */
const ROWS_A_STATEMENT = 1000;
const BEGIN_WITHIN_MS = 5000;

/** Owners that one run looks at, of each table. */
const OWNERS_A_RUN = 100;

/** Forget answers to requests with an idempotency key that are more than a day old. */
export async function forgetAnswers({ db }: EndingDeps, now: number): Promise<number> {
  const isTime = lasting(BEGIN_WITHIN_MS);
  let count = 0;
  for (;;) {
    const forgotten = await pruneAnswers(db, now, ROWS_A_STATEMENT);
    count += forgotten;
    if (forgotten < ROWS_A_STATEMENT || !isTime()) return count;
  }
}

/** A day after the sweep stops looking at their objects: an object without a row must not become a job again. */
export async function endUploads({ db, uploadDays }: EndingDeps, now: number): Promise<number> {
  const before = now - (uploadDays + 1) * DAY_MS;
  const hour = before - (before % HOUR_MS);
  await noteForgotten(db, hour);
  return endRows(db, "uploads", hour);
}

export async function endAudit({ db, auditDays }: EndingDeps, now: number): Promise<number> {
  return endRows(db, "audit", now - auditDays * DAY_MS);
}

async function endRows(db: D1Database, table: EndingTable, before: number): Promise<number> {
  const name = `ended_${table}`;
  const isTime = lasting(BEGIN_WITHIN_MS);
  const cursor = await readCursor(db, name);
  let count = 0;
  for (;;) {
    const page = { after: cursor ?? "", before, owners: OWNERS_A_RUN, limit: ROWS_A_STATEMENT };
    const { count: deleted, last } = await deleteOld(db, table, page);
    count += deleted;
    if (deleted === ROWS_A_STATEMENT && isTime()) continue;
    const next = last === "" ? null : last;
    if (next !== cursor) await writeCursor(db, name, next);
    return count;
  }
}
