// Keeps records of jobs in the bucket, in case the database is set back to an earlier moment (docs/operations.md).
import { listDescribed, RECORDED_MS } from "../../shared/db/jobs/records.ts";
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { listReused } from "../../shared/db/jobs/reuses.ts";
import { jobRecords, type JobRecord } from "../../shared/restoring/records.ts";
import { type Reuse, reuseRecords } from "../../shared/restoring/reuses.ts";
import { DELETED_PREFIX, EDITED_PREFIX, RECORDS_PREFIX, REUSED_PREFIX, timeIn } from "../../shared/uploads/storage.ts";

export interface RecordDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
}

/** Jobs a page, and pages a run. */
const RECORDS_A_PAGE = 200;
const PAGES_A_RUN = 25;

/** After this many puts a run leaves the rest to the next. A page adds at most as many puts as it has jobs. */
const PUTS_A_RUN = 500;

/** A job is inserted, or ends, some moments after its recorded time, so a run reads jobs again that are newer than this. */
const LATE_MS = 60_000;

interface Place {
  readonly at: number;
  readonly id: string;
}

/** One kind of record. `list` is ordered by `placeOf`; `keep` returns how many objects it put. */
interface RecordKind<Row> {
  /** The name of the cursor that keeps how far it has come. */
  readonly cursor: string;
  readonly list: (
    db: D1Database,
    page: { after: Place; limit: number },
  ) => Promise<{ readonly rows: readonly Row[]; readonly isAll: boolean }>;
  readonly placeOf: (row: Row) => Place;
  readonly keep: (media: R2Bucket, rows: readonly Row[]) => Promise<number>;
}

const DESCRIBED: RecordKind<JobRecord> = {
  cursor: "recorded",
  list: listDescribed,
  placeOf: ({ createdAt, id }) => ({ at: createdAt, id }),
  keep: jobRecords.keep,
};

const REUSED: RecordKind<Reuse> = {
  cursor: "reuses",
  list: listReused,
  placeOf: ({ endedAt, jobId }) => ({ at: endedAt, id: jobId }),
  keep: reuseRecords.keep,
};

/** Record the descriptions of jobs that no object of the inbox describes, and which jobs reuse the result of another. */
export async function recordJobs(deps: RecordDeps, now: number): Promise<number> {
  return (await record(DESCRIBED, deps, now)) + (await record(REUSED, deps, now));
}

async function record<Row>(kind: RecordKind<Row>, { db, media }: RecordDeps, now: number): Promise<number> {
  let cursor = Number((await readCursor(db, kind.cursor)) ?? now - RECORDED_MS);
  let after: Place = { at: Math.min(cursor, now - LATE_MS), id: "" };
  let count = 0;
  let puts = 0;
  for (let page = 1; ; page += 1) {
    const { rows, isAll: isLast } = await kind.list(db, { after, limit: RECORDS_A_PAGE });
    puts += await kind.keep(media, rows);
    count += rows.length;
    const last = rows.at(-1);
    const isAll = isLast || last === undefined;
    if (!isAll) after = kind.placeOf(last);
    const recordedTo = isAll ? now - LATE_MS : after.at;
    if (recordedTo !== cursor) await writeCursor(db, kind.cursor, String(recordedTo));
    cursor = recordedTo;
    if (isAll || page === PAGES_A_RUN || puts >= PUTS_A_RUN) return count;
  }
}

/** Delete records of jobs and of deletions that no restore can reach any more. The oldest come first. */
export async function pruneRecords({ media }: RecordDeps, now: number): Promise<number> {
  let count = 0;
  for (const prefix of [RECORDS_PREFIX, DELETED_PREFIX, REUSED_PREFIX, EDITED_PREFIX]) {
    const { objects } = await media.list({ prefix, limit: 1000 });
    const old = objects.map(({ key }) => key).filter((key) => timeIn(key, prefix) < now - RECORDED_MS - LATE_MS);
    if (old.length > 0) await media.delete(old);
    count += old.length;
  }
  return count;
}
