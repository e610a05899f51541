// The owner who had the last turn, written in the transaction of the lease.
import { TURNS } from "./next-tasks.ts";

/** What one lease holds. `held` is SQL that finds its tasks as `t`, by ?1 and ?2. */
interface Taken {
  readonly held: string;
  readonly checkAt: number;
  readonly leaseId: string;
}

/** SQL: the owner who had the last of these turns, which continue from `cursor`. Null if only newcomers had one. */
const lastTurn = (cursor: string) => `
  coalesce(max(t.owner_id) FILTER (WHERE t.is_newcomer = 0 AND t.owner_id <= ${cursor}),
           max(t.owner_id) FILTER (WHERE t.is_newcomer = 0))`;

/** SQL: the cursor of all owners. */
const SHARED = `coalesce((SELECT value FROM cursors WHERE name = '${TURNS}'), '')`;

/**
 * Count the calls of this minute of each model that has a limit. When they are used up, its owners take turns apart from all
 * others, and join them again in the first minute in which calls are left.
 */
export function countCalls(
  db: D1Database,
  { held, checkAt, leaseId }: Taken,
  { minute, callsAMinute }: { minute: number; callsAMinute: Readonly<Record<string, number>> },
): D1PreparedStatement {
  const limit = `(SELECT value FROM json_each(?4) WHERE key = excluded.model)`;
  const calls = `iif(minute = excluded.minute, calls, 0) + excluded.calls`;
  const cursor = `coalesce((SELECT m.turn FROM model_minutes m WHERE m.model = t.model), ${SHARED})`;
  return db
    .prepare(
      `INSERT INTO model_minutes (model, minute, calls, turn)
       SELECT t.model, ?3, count(*),
              iif(EXISTS (SELECT 1 FROM model_minutes m WHERE m.model = t.model), ${lastTurn(cursor)}, NULL)
         FROM ${held} AND t.model IN (SELECT key FROM json_each(?4)) GROUP BY t.model
       ON CONFLICT (model) DO UPDATE
          SET turn = iif(${calls} >= ${limit} OR (turn IS NOT NULL AND (minute = excluded.minute OR calls >= ${limit})),
                         coalesce(excluded.turn, turn, ${SHARED}), NULL),
              calls = ${calls}, minute = excluded.minute`,
    )
    .bind(checkAt, leaseId, minute, JSON.stringify(callsAMinute));
}

/**
 * Store the owner who had the last turn. It is written only if others may wait for theirs: each task had another owner, and something
 * waits, be it of a kind that is paused. So a deployment pays no row for it if it has no backlog or one owner. A lease that is not full
 * may have ended before a task that runs alone. This comes before `countCalls`: a model whose owners took their turns apart may join the
 * others with this lease, and an owner from its circle would move the turns of all. A model whose limit was removed still has its old turn.
 */
export function noteTurns(
  db: D1Database,
  { held, checkAt, leaseId }: Taken,
  callsAMinute: Readonly<Record<string, number>>,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO cursors (name, value)
       SELECT '${TURNS}', last
         FROM (SELECT count(*) FILTER (WHERE t.is_newcomer = 0) AS tasks,
                      count(DISTINCT t.owner_id) FILTER (WHERE t.is_newcomer = 0) AS owners, ${lastTurn(SHARED)} AS last
                 FROM (SELECT t.owner_id, t.is_newcomer OR m.turn IS NOT NULL AS is_newcomer
                         FROM (SELECT t.* FROM ${held}) t
                              LEFT JOIN model_minutes m ON m.model = t.model AND m.model IN (SELECT key FROM json_each(?3))) t)
        WHERE owners = tasks AND last IS NOT NULL
          AND EXISTS (SELECT 1 FROM tasks w WHERE w.finalized_at IS NULL AND w.state = 'available')
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
    )
    .bind(checkAt, leaseId, JSON.stringify(callsAMinute));
}
