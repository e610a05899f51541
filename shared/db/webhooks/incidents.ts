// Incidents: each is raised once and reported once, and reported once more when it is over.
import { DEAD_LETTERS, type Findings, type Sign } from "../../alerts/alert.ts";
import { firstDayOf, periodsJson, RESETS_AT } from "../cost/budget-sums.ts";
import { ISO } from "./deliveries.ts";
import { OLDEST_DUE } from "../tasks/next-tasks.ts";
import { EVERYBODY } from "../../cost/budget.ts";

export interface Incident {
  readonly id: string;
  readonly alert: Sign["alert"];
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The name of the cursor that says when maintenance last ran. */
const MAINTAINED = "maintained";

/** How many owners of each kind and model are looked at to find the oldest due task. Owners take turns, so those of others are not much older. */
const OWNERS_LOOKED_AT = 100;

export interface Look extends Omit<Findings, "queues"> {
  /** When the oldest task that may run became due: epoch milliseconds; null if there is none. */
  readonly oldestDueAt: number | null;
  /** Epoch milliseconds; null if never. */
  readonly maintainedAt: number | null;
  readonly raised: readonly Incident[];
}

// Letters are found by owner, because no index has only their time: one row for each owner, and at most a thousand letters
// of each.
const RECENT_LETTERS = `
  WITH RECURSIVE owners (id) AS (
    SELECT min(owner_id) FROM dead_letters
    UNION ALL
    SELECT (SELECT min(d.owner_id) FROM dead_letters d WHERE d.owner_id > owners.id) FROM owners WHERE owners.id IS NOT NULL
  )
  SELECT coalesce(sum((SELECT count(*) FROM (SELECT 1 FROM dead_letters d
                                              WHERE d.owner_id = owners.id AND d.created_at > ?1 LIMIT 1000))), 0) AS n
    FROM owners`;

/** Check the deployment, and record that maintenance runs, in one round trip. */
export async function lookAround(db: D1Database, now: number): Promise<Look> {
  const [maintained, due, letters, budgets, raised, noted] = await db.batch<never>([
    db.prepare(`SELECT value FROM cursors WHERE name = ?1`).bind(MAINTAINED),
    db.prepare(OLDEST_DUE).bind(now, OWNERS_LOOKED_AT, "{}", 0),
    db.prepare(RECENT_LETTERS).bind(now - DEAD_LETTERS.withinMs),
    // Settlements have already compared what is spent with each budget.
    db
      .prepare(
        `SELECT b.owner_id || '/' || b.period AS subject, nullif(b.owner_id, '${EVERYBODY}') AS ownerId, b.period, b.neurons,
                ${RESETS_AT} AS resetsAt
           FROM budgets b WHERE b.warned_in = ${firstDayOf("b")} OR b.exhausted_in = ${firstDayOf("b")} LIMIT 1000`,
      )
      .bind(periodsJson(now)),
    db.prepare(`SELECT id, alert, subject, since FROM incidents`),
    db
      .prepare(
        `INSERT INTO cursors (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      )
      .bind(MAINTAINED, String(now)),
  ]);
  const at = (maintained?.results[0] as { value: string } | undefined)?.value;
  return {
    maintainedAt: at === undefined ? null : Number(at),
    oldestDueAt: (due?.results[0] as { at: number | null } | undefined)?.at ?? null,
    deadLetters: (letters?.results[0] as { n: number } | undefined)?.n ?? 0,
    lowBudgets: budgets?.results ?? [],
    raised: raised?.results ?? [],
    databaseBytes: noted?.meta.size_after ?? 0,
  };
}

/** Read when maintenance last ran. If it never has, the wait for it begins now. */
export async function readMaintained(db: D1Database, now: number): Promise<number> {
  const read = () => db.prepare(`SELECT value FROM cursors WHERE name = ?1`).bind(MAINTAINED).first<string>("value");
  const value = await read();
  if (value !== null) return Number(value);
  await db
    .prepare(`INSERT INTO cursors (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING`)
    .bind(MAINTAINED, String(now))
    .run();
  return now;
}

/** The endpoints of ?2 that subscribe to the alert of incident `i`. */
const ENDPOINTS = `webhook_endpoints e
   WHERE e.owner_id = ?2 AND e.disabled_at IS NULL AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value = i.alert)`;

/**
 * Raise what is wrong and has not been raised, and end what is right again; deliveries to the operator's endpoints are due at
 * once. If several callers find the same, one of them raises it.
 * @returns what this call raised and ended.
 */
export async function settleIncidents(
  db: D1Database,
  signs: readonly Sign[],
  { operatorId, now }: { operatorId: string; now: number },
): Promise<{ readonly raised: readonly Incident[]; readonly ended: readonly Incident[] }> {
  const rows = (state: Sign["state"]) =>
    JSON.stringify(signs.filter((sign) => sign.state === state).map((sign) => ({ ...sign, id: incidentId() })));
  const wrong = rows("wrong");
  const right = rows("right");
  const over = `incidents i JOIN json_each(?1) s ON i.alert = s.value ->> 'alert' AND i.subject = s.value ->> 'subject'`;
  const [raised, , , ended] = await db.batch<Incident>([
    db
      .prepare(
        `INSERT INTO incidents (alert, subject, id, since, detail)
         SELECT s.value ->> 'alert', s.value ->> 'subject', s.value ->> 'id', ?2, s.value -> 'detail' FROM json_each(?1) s WHERE true
         ON CONFLICT (alert, subject) DO NOTHING
         RETURNING id, alert, subject, since`,
      )
      .bind(wrong, now),
    db
      .prepare(
        `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, signer, event, payload, created_at, next_attempt_at)
         SELECT 'whd_' || i.id || '_1_' || substr(e.id, 4), e.owner_id, e.id, e.id, i.alert,
                json_object('type', i.alert, 'timestamp', ${ISO("?3")}, 'data',
                            json_patch(i.detail, json_object('incidentId', i.id, 'since', ${ISO("i.since")}))),
                ?3, ?3
           FROM json_each(?1) s JOIN incidents i ON i.id = s.value ->> 'id', ${ENDPOINTS}
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(wrong, operatorId, now),
    db
      .prepare(
        `INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, signer, event, payload, created_at, next_attempt_at)
         SELECT 'whd_' || i.id || '_2_' || substr(e.id, 4), e.owner_id, e.id, e.id, 'ops.recovered',
                json_object('type', 'ops.recovered', 'timestamp', ${ISO("?3")}, 'data',
                            json_patch(json_patch(i.detail, s.value -> 'detail'),
                                       json_object('incidentId', i.id, 'alert', i.alert, 'since', ${ISO("i.since")}))),
                ?3, ?3
           FROM ${over}, ${ENDPOINTS}
            AND EXISTS (SELECT 1 FROM json_each(e.events) WHERE value = 'ops.recovered')
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(right, operatorId, now),
    db
      .prepare(`DELETE FROM incidents WHERE id IN (SELECT i.id FROM ${over}) RETURNING id, alert, subject, since`)
      .bind(right),
  ]);
  return { raised: raised?.results ?? [], ended: ended?.results ?? [] };
}

function incidentId(): string {
  return `inc_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
}
