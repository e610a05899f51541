import { JOB_KINDS, kindOf } from "../../kinds/index.ts";
import type { RedriveFilter } from "../../redrives/redrive.ts";
import { boundFilter, MATCHING } from "./redrives.ts";

/** What letters are expected to cost when they are redriven. */
export interface MatchingPrice {
  readonly neurons: number;
  /** Letters whose cost is not known. */
  readonly unknown: number;
}

/** The whole job follows from these tasks; every other task follows from what was paid for before. */
const FIRST_TASKS = JSON.stringify(JOB_KINDS.map((kind) => kindOf(kind).firstTask));

/**
 * Estimate what it costs to redrive the letters that a filter matches, up to its limit, the oldest first. A job's estimate has
 * a line for each kind of task that asks a model. A letter of the first task costs all of them, any other letter its share of
 * its own line. Reads the rows of the letters, and two for each of them.
 */
export async function priceMatching(
  db: D1Database,
  ownerId: string,
  { filter, limit }: { readonly filter: RedriveFilter; readonly limit: number },
): Promise<MatchingPrice> {
  const row = await db
    .prepare(
      `WITH m AS MATERIALIZED (
         SELECT d.kind, d.job_id, d.task_id, d.kind IN (SELECT value FROM json_each(?4)) AS isFirst
           ${MATCHING} AND d.redrive_id IS NULL ORDER BY d.created_at, d.id LIMIT ?3)
       SELECT total((SELECT sum((l.value ->> 'neurons') / iif(m.isFirst, 1, max(1, l.value ->> 'calls')))
                       FROM json_each(e.estimate, '$.lines') l WHERE m.isFirst OR l.value ->> 'task' = m.kind)) AS neurons,
              total(e.estimate IS NULL AND t.model IS NOT NULL) AS unknown
         FROM m LEFT JOIN jobs e ON e.id = m.job_id LEFT JOIN tasks t ON t.id = m.task_id`,
    )
    .bind(ownerId, boundFilter(filter), limit, FIRST_TASKS)
    .first<MatchingPrice>();
  return row ?? { neurons: 0, unknown: 0 };
}
