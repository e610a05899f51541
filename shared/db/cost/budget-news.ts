// Sends events for budgets that are nearly or wholly used up, once a period each.
import { BUDGET_EVENTS, type BudgetNews, WARNED_AT_SHARE, EVERYBODY } from "../../cost/budget.ts";
import type { Changes } from "../../jobs/changes.ts";
import { SLACK_NEURONS } from "../../cost/budget-refusal.ts";
import { firstDayOf, periodsJson, RESETS_AT, SPENT, spentOf } from "./budget-sums.ts";
import { insertDeliveryTasks, ISO } from "../webhooks/deliveries.ts";
import { HELD } from "../tasks/settle-inserts.ts";
import { type Returning, returning, type Statement } from "../transact.ts";

type Telling = Statement<Pick<Changes, "budgetNews"> | Pick<Changes, "opened">>;

/** The owners whose budgets may have crossed a line, and the job whose tasks carry the deliveries. SQL of our own; ?2 is `rows`. */
interface Spenders {
  readonly rows: string;
  readonly ownerIds: string;
  readonly jobId: string;
  /** Budgets that a task is held for: `ownerId` and `period`. */
  readonly refusing: string;
}

/** Return the statements for the settlement of attempts (?2: rows of `HELD`), after their usage. */
export function tellOfBudgets(db: D1Database, rows: string, now: number): Telling[] {
  const held = HELD.replace("?1", "?2");
  return tell(db, now, {
    rows,
    ownerIds: `SELECT t.owner_id FROM ${held}`,
    jobId: `SELECT t.job_id FROM ${held} LIMIT 1`,
    refusing: `SELECT x.value ->> 'ownerId' AS owner_id, x.value ->> 'period' AS period
                 FROM ${held}, json_each(s.value, '$.refusedBy') x`,
  });
}

/**
 * Do the same after a call that a request makes itself (?2: `{ ownerId }`). The owner's latest job stands in for the job. If
 * the owner has none, only the journal gets the news.
 */
export function tellOfOwnBudgets(db: D1Database, ownerId: string, now: number): Telling[] {
  return tell(db, now, {
    rows: JSON.stringify({ ownerId }),
    ownerIds: `SELECT ?2 ->> 'ownerId'`,
    jobId: `SELECT id FROM jobs WHERE owner_id = ?2 ->> 'ownerId' ORDER BY created_at DESC LIMIT 1`,
    refusing: `SELECT NULL AS owner_id, NULL AS period WHERE false`,
  });
}

/** Returns the news of each line crossed, and the deliveries' tasks as `opened`. */
function tell(db: D1Database, now: number, { rows, ownerIds, jobId, refusing }: Spenders): Telling[] {
  const periods = periodsJson(now);
  const isTheirs = (b: string) => `(${b}.owner_id = '${EVERYBODY}' OR ${b}.owner_id IN (${ownerIds}))`;
  // RETURNING cannot use an alias.
  const [firstDay, spent] = [firstDayOf("budgets"), spentOf("budgets")];
  // The condition and the mark are one statement: if several settle at once, one of them crosses the line.
  const mark = (name: "warned" | "exhausted", event: string, isCrossed: string) => {
    const told = db
      .prepare(
        `UPDATE budgets SET ${name}_in = ${firstDay}, ${name}_at = ?3
          WHERE ${isTheirs("budgets")} AND coalesce(${name}_in, -1) <> ${firstDay} AND ${isCrossed}
         RETURNING json_object('event', '${event}', 'ownerId', owner_id, 'period', period, 'neurons', neurons,
                               'spent', ${spent}) AS news`,
      )
      .bind(periods, rows, now);
    return tellingNews(told);
  };
  return [
    mark("warned", BUDGET_EVENTS[0], `${spent} >= neurons * ${WARNED_AT_SHARE} - ${SLACK_NEURONS}`),
    mark(
      "exhausted",
      BUDGET_EVENTS[1],
      `(${spent} >= neurons - ${SLACK_NEURONS} OR (owner_id, period) IN (${refusing}))`,
    ),
    db
      .prepare(
        `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, url, signer, job_id, event, payload, created_at)
         SELECT 'whd_' || replace(v.value, '.', '-') || '_' || iif(b.owner_id = '${EVERYBODY}', 'account', 'own') || '-'
                       || b.period || '_' || CAST(?3 AS INTEGER) || '_' || substr(e.id, 4),
                e.owner_id, e.id, NULL, e.id, (${jobId}), v.value,
                json_object('type', v.value, 'timestamp', ${ISO("?3")}, 'data', json_object(
                  'ownerId', nullif(b.owner_id, '${EVERYBODY}'), 'period', b.period, 'neurons', b.neurons,
                  'spentNeurons', ${SPENT}, 'share', ${SPENT} / b.neurons, 'resetsAt', ${RESETS_AT})),
                ?3
           FROM json_each('${JSON.stringify(BUDGET_EVENTS)}') v
           JOIN budgets b ON ${isTheirs("b")} AND iif(v.value = '${BUDGET_EVENTS[0]}', b.warned_at, b.exhausted_at) = ?3
           JOIN webhook_endpoints e ON e.owner_id = b.told_owner_id
          WHERE e.disabled_at IS NULL AND (${jobId}) IS NOT NULL
            AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value = v.value)
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(periods, rows, now),
    insertDeliveryTasks(
      db,
      `SELECT * FROM webhook_deliveries WHERE job_id = (${jobId}) AND created_at = ?1 AND event IN ('${BUDGET_EVENTS.join("', '")}')`,
      { now, rows },
    ),
  ];
}

function tellingNews(prepared: D1PreparedStatement): Returning<Pick<Changes, "budgetNews">> {
  return returning(prepared, (rows: readonly { news: string }[]) => ({
    budgetNews: rows.map(({ news }) => JSON.parse(news) as BudgetNews), // our own JSON, from `tell`
  }));
}
