// When consumers are woken for a model whose calls a minute are limited. Messages that come while no call is left find nothing to
// do, so each message gets its own time: after all that were sent before it, at the rate that the model allows.
import { MINUTE_MS } from "../../durations.ts";
import { DUE_GROUPS, GROUPS } from "./next-tasks.ts";

export interface Rates {
  readonly now: number;
  /** How many calls a minute each model allows; a model that is missing has no limit. */
  readonly callsAMinute: Readonly<Record<string, number>>;
}

/** The moments of some messages: the last one's, and the time between two. Epoch milliseconds. */
interface Slots {
  readonly until: number;
  readonly apartMs: number;
}

function momentsOf({ until, apartMs }: Slots, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => until - (count - index) * apartMs);
}

/** SQL: the milliseconds between two calls of a model. `limit` is how many calls a minute it allows. */
const apart = (limit: string) => `(${MINUTE_MS}.0 / max(1, ${limit}))`;

/**
 * Take a moment for the message of each of these tasks. Calls that are left in this minute are used at once. If the model was not
 * leased for a minute, messages that count as under way were lost or not needed, and are ignored. One row is written for
 * each model.
 * @returns epoch milliseconds, in any order.
 */
export async function takeSlots(
  db: D1Database,
  taskIds: readonly string[],
  { now, callsAMinute }: Rates,
): Promise<readonly number[]> {
  const ids = JSON.stringify(taskIds);
  const rates = JSON.stringify(callsAMinute);
  const counted = `SELECT t.model, count(*) AS tasks, l.value AS most
                     FROM json_each(?1) i CROSS JOIN tasks t ON t.id = i.value JOIN json_each(?2) l ON l.key = t.model GROUP BY t.model`;
  const [counts, slots] = await db.batch<{ model: string; tasks: number; until: number; apartMs: number }>([
    db.prepare(counted).bind(ids, rates),
    db
      .prepare(
        // The calls that were already made in this minute come before the first moment.
        `INSERT INTO model_minutes (model, minute, calls, woken_until)
         SELECT model, ?3, 0, ?4 + tasks * ${apart("most")} FROM (${counted}) WHERE true
         ON CONFLICT (model) DO UPDATE
            -- The minute of the last lease stays: jobs that go on coming do not show that earlier messages arrive.
            SET minute = iif(minute >= ?3 - 1, minute, ?3), calls = iif(minute >= ?3 - 1, calls, 0),
                woken_until = max(iif(minute >= ?3 - 1, coalesce(woken_until, 0), 0),
                                  ?4 + iif(minute = ?3, calls, 0) * ${apart("(SELECT value FROM json_each(?2) WHERE key = excluded.model)")})
                              + excluded.woken_until - ?4
         RETURNING model, woken_until AS until, ${apart("(SELECT value FROM json_each(?2) WHERE key = model)")} AS apartMs`,
      )
      .bind(ids, rates, Math.floor(now / MINUTE_MS), now - (now % MINUTE_MS)),
  ]);
  const tasksOf = new Map(counts?.results.map(({ model, tasks }) => [model, tasks]));
  const minuteEnds = now - (now % MINUTE_MS) + MINUTE_MS;
  const moments = (slots?.results ?? []).flatMap((slot) => momentsOf(slot, tasksOf.get(slot.model) ?? 0));
  const unlimited = Array.from({ length: Math.max(0, taskIds.length - moments.length) }, () => now);
  return [...unlimited, ...moments.map((moment) => (moment < minuteEnds ? now : moment))];
}

/**
 * Take a moment for messages that found the calls of models used up: each takes the next one of the model whose messages end
 * first. One row is written.
 * @returns epoch milliseconds, one for each message; none if no model's calls are used up, or nothing waits for such a model.
 */
export async function takeSlotsAgain(
  db: D1Database,
  messages: number,
  { now, callsAMinute }: Rates,
): Promise<readonly number[]> {
  const minute = Math.floor(now / MINUTE_MS);
  const slot = await db
    .prepare(
      `WITH RECURSIVE ${GROUPS}, ${DUE_GROUPS}
       UPDATE model_minutes
          SET woken_until = max(coalesce(woken_until, 0), ?5) + ?6 * ${apart("(SELECT value FROM json_each(?3) WHERE key = model)")}
        WHERE model = (SELECT g.model FROM due_groups g JOIN model_minutes m ON m.model = g.model
                        WHERE g.room <= 0 ORDER BY coalesce(m.woken_until, 0), g.model LIMIT 1)
       RETURNING woken_until AS until, ${apart("(SELECT value FROM json_each(?3) WHERE key = model)")} AS apartMs`,
    )
    .bind(now, null, JSON.stringify(callsAMinute), minute, (minute + 1) * MINUTE_MS, messages)
    .first<Slots>();
  return slot === null ? [] : momentsOf(slot, messages);
}
