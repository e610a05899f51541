// Lists of jobs. Each walks along one index, in the order of the list: the one with the fewest rows.
import type { JobKind } from "../../kinds/index.ts";
import type { JobRow } from "../../jobs/job-detail.ts";
import type { JobState } from "../../jobs/job.ts";
import { LISTED_JOB } from "./reads.ts";

/** What is left out is not asked for. */
export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly kind?: JobKind | undefined;
  readonly label?: string | undefined;
  /** Text in the job's file name, prompt, text or id; letters A to Z match in either case. */
  readonly text?: string | undefined;
  /** Epoch milliseconds: from, inclusive. */
  readonly createdAfter?: number | undefined;
  /** Epoch milliseconds: until, exclusive. */
  readonly createdBefore?: number | undefined;
  /** The job must carry all of them (shared/jobs/tags-and-metadata.ts). */
  readonly marks?: readonly string[];
}

/** A position in the order of the list. */
interface Position {
  readonly at: number;
  readonly id: string;
}

export interface JobPage {
  readonly ownerId: string;
  readonly limit: number;
  /** The last one seen. */
  readonly before: Position | undefined;
  /** Whether each job includes its progress and its cost. */
  readonly figures: boolean;
}

/** How many jobs are searched for a page if no index has the ones that are asked for: the latest before the page. */
const MOST_LOOKED_THROUGH = 10_000;

/** How many rows are read to find out which index has the fewest, shared among them. */
const ROWS_PROBED = 128;

/** The last segment of a key: all up to its last slash is removed. */
const FILE_NAME = `replace(j.input ->> '$.source.key',
                           rtrim(j.input ->> '$.source.key', replace(j.input ->> '$.source.key', '/', '')), '')`;
const SAYS = `coalesce(j.input ->> '$.prompt', j.input ->> '$.text', ${FILE_NAME}) || ' ' || j.id`;

/** Progress and cost. Each task and each attempt of a job is read for them. */
const FIGURES = `CASE WHEN j.state = 'running'
                      THEN (SELECT avg(state = 'completed') FROM tasks WHERE job_id = j.id AND is_side = 0) END AS fraction,
                 j.archive_estimate AS archivedEstimate, coalesce(j.archive_neurons, 0)
                   + (SELECT total(a.neurons) FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE t.job_id = j.id) AS neurons`;

/** A condition, and the index along which the jobs that meet it can be walked, newest first. */
interface Walk {
  /** A FROM clause. `jobs j` is joined to a table of other rows. */
  readonly from: string;
  readonly owner: string;
  readonly at: string;
  readonly id: string;
  /** SQL; `value` is the number of its parameter. */
  readonly where: (value: string) => string;
  readonly value: string;
  /** The same condition on a job `j`, where another index is walked. */
  readonly isMet: (value: string) => string;
}

export interface JobList {
  readonly jobs: readonly JobRow[];
  /** The last job that was searched, if the page is not full and there are more: the next page begins after it. Otherwise null. */
  readonly searchedTo: Position | null;
}

/**
 * List jobs, newest first. Rows read: three for each job of the page if one condition with an index is given, and the first 128 rows
 * of the indexes to compare them if there are several. Jobs that do not meet the other conditions are passed over. For a text, and for a
 * kind alone, at most 10,000 jobs are searched, and for a page that is not full the index of these jobs is read once more.
 */
export async function listJobs(db: D1Database, filter: JobFilter, page: JobPage): Promise<JobList> {
  const isLimited = isSearched(filter);
  const walks = walksOf(filter);
  const walked = isLimited ? undefined : await fewest(db, walks, filter, page);
  if (walked === null) return { jobs: [], searchedTo: null };
  const values = valuesOf(filter, page);
  const bound = (value: unknown) => `?${values.push(value)}`;
  const conditions = walks.map((walk) => (walk === walked ? walk.where : walk.isMet)(bound(walk.value)));
  if (filter.kind !== undefined) conditions.push(`j.kind = ${bound(filter.kind)}`);
  if (filter.state === "completed") conditions.push(`j.state = 'completed'`);
  if (filter.text !== undefined) conditions.push(`instr(lower(${SAYS}), lower(${bound(filter.text)})) > 0`);
  const along = walked ?? { from: isLimited ? LATEST : "jobs j", ...JOB_PLACE };
  const from = along.id === JOB_PLACE.id ? along.from : `${along.from} CROSS JOIN jobs j ON j.id = ${along.id}`;
  const listed = `SELECT ${LISTED_JOB}${page.figures ? `, ${FIGURES}` : ""} FROM ${from}
                   WHERE ${[windowOf(along), ...conditions].join(" AND ")}
                   ${isLimited ? "" : `ORDER BY ${along.at} DESC, ${along.id} DESC`} LIMIT ?5 + 0`;
  const { results } = await db
    .prepare(isLimited ? withSearchedTo(listed) : listed)
    .bind(...values)
    .all<JobRow & Partial<Searched>>();
  const [first] = results;
  const { searchedAt, searchedId } = first ?? {};
  return {
    // A page without a job has one row for where the search ended.
    jobs: first?.id === null ? [] : results,
    searchedTo:
      typeof searchedAt === "number" && typeof searchedId === "string" ? { at: searchedAt, id: searchedId } : null,
  };
}

interface Searched {
  readonly searchedAt: number | null;
  readonly searchedId: string | null;
}

/**
 * SQL: the jobs that are listed, and in each row the last job that was searched if they do not fill the page. One statement reads both: if
 * jobs were added or deleted in between, the next page would skip jobs or repeat them. The index is read only if the page is not full.
 */
const withSearchedTo = (listed: string) => `
  WITH listed AS MATERIALIZED (${listed}),
  searched (at, id) AS MATERIALIZED (
    SELECT d.created_at, d.id FROM jobs d WHERE ${windowOf({ owner: "d.owner_id", at: "d.created_at", id: "d.id" })}
     ORDER BY d.created_at DESC, d.id DESC LIMIT (SELECT count(*) < ?5 FROM listed) OFFSET ${MOST_LOOKED_THROUGH - 1}
  )
  SELECT listed.*, s.at AS searchedAt, s.id AS searchedId
    FROM (SELECT 1) LEFT JOIN listed ON true LEFT JOIN searched s ON true`;

/** Whether the latest jobs are searched one by one. A text is searched for in them, whatever else they are. */
function isSearched(filter: JobFilter): boolean {
  if (filter.text !== undefined) return (filter.marks ?? []).length === 0;
  return filter.kind !== undefined && walksOf(filter).length === 0;
}

/** The columns of `jobs j` that give the order. */
const JOB_PLACE = { owner: "j.owner_id", at: "j.created_at", id: "j.id" };

function walksOf({ state, label, marks = [] }: JobFilter): readonly Walk[] {
  const walks = marks.map(byMark);
  if (label !== undefined) walks.push(byLabel(label));
  // No index has the completed jobs, because most are.
  if (state !== undefined && state !== "completed") walks.push(byState(state));
  return walks;
}

const byMark = (mark: string): Walk => ({
  from: "job_marks m",
  owner: "m.owner_id",
  at: "m.created_at",
  id: "m.job_id",
  where: (value) => `m.mark = ${value}`,
  value: mark,
  isMet: (value) => `EXISTS (SELECT 1 FROM job_marks o WHERE o.owner_id = ?1 AND o.mark = ${value}
                                AND o.created_at = j.created_at AND o.job_id = j.id)`,
});

const byLabel = (label: string): Walk => ({
  from: "job_labels l INDEXED BY job_labels_by_owner",
  owner: "l.owner_id",
  at: "l.created_at",
  id: "l.job_id",
  where: (value) => `l.label = ${value}`,
  value: label,
  isMet: (value) => `EXISTS (SELECT 1 FROM job_labels o WHERE o.job_id = j.id AND o.label = ${value})`,
});

const byState = (state: JobState): Walk => ({
  from: "jobs j INDEXED BY jobs_by_state",
  ...JOB_PLACE,
  // SQLite uses a partial index only where its condition is repeated.
  where: (value) => `j.state = ${value} AND j.state <> 'completed'`,
  value: state,
  isMet: (value) => `j.state = ${value}`,
});

/** ?1 owner, ?2 and ?3 the position after which the list continues, ?4 the earliest time, ?5 how many. */
function valuesOf({ createdAfter = 0, createdBefore }: JobFilter, { ownerId, before, limit }: JobPage): unknown[] {
  // One position, because SQLite seeks by only one upper bound.
  const end = { at: createdBefore ?? Number.MAX_SAFE_INTEGER, id: "" };
  const { at, id } = before === undefined || before.at >= end.at ? end : before;
  return [ownerId, at, id, createdAfter, limit];
}

const windowOf = ({ owner, at, id }: Pick<Walk, "owner" | "at" | "id">) =>
  `${owner} = ?1 AND (${at}, ${id}) < (?2, ?3) AND ${at} >= ?4`;

// Its rows come in the order of the list. To sort them again would read all of them, also if the first ones fill the page.
const LATEST = `(SELECT * FROM jobs WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) AND created_at >= ?4
                  ORDER BY created_at DESC, id DESC LIMIT ${MOST_LOOKED_THROUGH}) j`;

/**
 * Find the condition that the fewest jobs meet: the one with the fewest rows, or whose first rows go furthest back. Undefined if no
 * condition has an index; null if no job meets one of them.
 */
async function fewest(
  db: D1Database,
  walks: readonly Walk[],
  filter: JobFilter,
  page: JobPage,
): Promise<Walk | undefined | null> {
  const [only] = walks;
  if (walks.length <= 1) return only;
  const probed = Math.ceil(ROWS_PROBED / walks.length);
  const answers = await db.batch<{ count: number; earliest: number | null }>(
    walks.map((walk) =>
      db
        .prepare(
          `SELECT count(*) AS count, min(at) AS earliest
             FROM (SELECT ${walk.at} AS at FROM ${walk.from} WHERE ${windowOf(walk)} AND ${walk.where("?6")}
                    ORDER BY ${walk.at} DESC, ${walk.id} DESC LIMIT ?5 + 0)`,
        )
        .bind(...valuesOf(filter, { ...page, limit: probed }), walk.value),
    ),
  );
  const sizes = answers.map(({ results: [row] }, index) => ({
    walk: walks[index],
    count: row?.count ?? 0,
    earliest: row?.earliest ?? 0,
  }));
  if (sizes.some(({ count }) => count === 0)) return null;
  return sizes.toSorted((a, b) => a.count - b.count || a.earliest - b.earliest)[0]?.walk;
}
