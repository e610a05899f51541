// SQL that finds the tasks that run next. What it reads does not grow with the number of owners or of tasks that wait.
import { isAccountHeld } from "../cost/holds.ts";

/** The name of the cursor that holds the owner who had the last turn. */
export const TURNS = "turns";

/** SQL: a task that waits. The index on lanes has only these. */
const WAITS = (task: string) => `${task}.state IN ('available', 'retryable')`;

/** SQL: the part of a lane that names its kind and model, with the space after it. */
const groupOf = (lane: string) =>
  `substr(${lane}, 1, instr(${lane}, ' ') + instr(substr(${lane}, instr(${lane}, ' ') + 1), ' '))`;

const nextLane = (condition: string) =>
  `(SELECT min(t.lane) AS lane FROM tasks t WHERE ${WAITS("t")} AND ${condition})`;

/**
 * The groups (kind and model) that have tasks waiting, and of these the ones that may run at ?1: `prefix` begins their lanes, and
 * `room` is how many calls their model still allows in this minute (?3: limits, ?4: the minute). `turn` is the owner who had the
 * last turn; `is_apart` is 1 if the owners of the group's model take turns apart from all others. The index is searched once for each group.
 */
export const GROUPS = `
  edges (lane) AS (
    SELECT min(lane) FROM tasks WHERE state IN ('available', 'retryable')
    UNION ALL
    SELECT ${nextLane(`t.lane > ${groupOf("edges.lane")} || char(1114111)`)} FROM edges WHERE edges.lane IS NOT NULL
  ),
  open_groups (prefix, model, room, turn, is_apart) AS MATERIALIZED (
    SELECT g.prefix, g.model,
           coalesce(l.value - iif(m.minute = ?4, m.calls, 0), 1000000),
           coalesce(iif(l.value IS NULL, NULL, m.turn), (SELECT value FROM cursors WHERE name = '${TURNS}')),
           l.value IS NOT NULL AND m.turn IS NOT NULL
      FROM (SELECT ${groupOf("lane")} AS prefix, substr(lane, 1, instr(lane, ' ') - 1) AS kind,
                   trim(substr(${groupOf("lane")}, instr(lane, ' ') + 1)) AS model
              FROM edges WHERE lane IS NOT NULL) g
           LEFT JOIN model_minutes m ON m.model = g.model
           LEFT JOIN json_each(?3) l ON l.key = g.model
     WHERE g.kind NOT IN (SELECT task_kind FROM pauses)
       AND (g.model = '-' OR NOT ${isAccountHeld("?1")})
  )`;

/** The open groups with a task that is due. The first waiting task of a lane is due, except for tasks that are redriven at a rate. */
export const DUE_GROUPS = `
  due_groups (model, room) AS MATERIALIZED (
    SELECT g.model, g.room FROM open_groups g
     WHERE EXISTS (SELECT 1 FROM tasks t
                    WHERE ${WAITS("t")} AND t.lane >= g.prefix || 'n' AND t.lane < g.prefix || 'p' AND t.scheduled_at <= ?1)
  )`;

/** SQL: 1 if a task of the lane is due. The tasks of a redrive at a rate wait for their time, and are not read. */
const isDue = (lane: string) =>
  `(${[1, 0, 2]
    .map(
      (priority) => `EXISTS (SELECT 1 FROM tasks t WHERE t.lane = ${lane} AND t.priority = ${priority}
                                AND t.scheduled_at <= ?1 AND ${WAITS("t")})`,
    )
    .join(" OR ")})`;

/** SQL: the next lane, with a 1 before it if a task of it is due, otherwise a 0. */
const nextMarked = (condition: string) => `(SELECT ${isDue("x.lane")} || x.lane FROM ${nextLane(condition)} x)`;

/**
 * Lanes of owners with a task that is due, group by group: at most as many as the lease may take (?2), from the owner who comes after
 * the last turn on, and round to that owner. `wrapped` is 1 after the end, from the beginning again; `n` is how many were found before.
 * Each way begins at the lane before its first one, marked 0.
 */
const RING = `
  ring (prefix, model, room, is_apart, wrapped, upper, marked, n) AS (
    SELECT g.prefix, g.model, g.room, g.is_apart, w.value,
           g.prefix || iif(w.value = 0, 'p', coalesce('o' || g.turn, 'n')),
           '0' || g.prefix || iif(w.value = 0, coalesce('o' || g.turn, 'n'), 'n'),
           0
      FROM open_groups g, json_each('[0,1]') w WHERE g.room > 0
    UNION ALL
    SELECT r.prefix, r.model, r.room, r.is_apart, r.wrapped, r.upper,
           ${nextMarked("t.lane > substr(r.marked, 2) AND t.lane <= r.upper")}, r.n + substr(r.marked, 1, 1)
      FROM ring r WHERE r.marked IS NOT NULL AND r.n + substr(r.marked, 1, 1) < min(?2, r.room)
  ),
  lanes (prefix, model, room, lane, is_apart, wrapped) AS MATERIALIZED (
    SELECT prefix, model, room, substr(marked, 2), is_apart, wrapped
      FROM (SELECT ring.*, row_number() OVER (PARTITION BY prefix ORDER BY wrapped, marked) AS nth FROM ring WHERE marked > '1')
     WHERE nth <= min(?2, room)
  )`;

/** The first due tasks of a lane, for each priority. */
const firstOf = (lane: string, limit: string) => `
  json_each('[0,1,2]') p,
  json_each((SELECT json_group_array(d.id)
               FROM (SELECT t.id FROM tasks t
                      WHERE t.lane = ${lane} AND t.priority = p.value AND t.scheduled_at <= ?1 AND ${WAITS("t")}
                      ORDER BY t.scheduled_at LIMIT ${limit}) d)) h`;

/** When the oldest due task became due (?1 to ?4 as in CHOSEN). In each group, the ?2 owners whose turn is next are looked at. */
export const OLDEST_DUE = `
  WITH RECURSIVE ${GROUPS}, ${RING}
  SELECT min(t.scheduled_at) AS at
    FROM (SELECT h.value AS id FROM lanes, ${firstOf("lanes.lane", "1")}
          UNION ALL
          SELECT h.value FROM open_groups g, ${firstOf("g.prefix || 'n'", "1")}) f CROSS JOIN tasks t ON t.id = f.id`;

/**
 * The next tasks (?1: until when they are due; ?2: how many at most; ?3, ?4: see GROUPS).
 *
 * Owners take turns, in the order of their names, across all groups: an owner with work of many kinds and models has one turn, like
 * any other. A cursor holds the owner who had the last turn. Owners of a model whose calls are used up take turns separately, because
 * the others continue while they cannot; their turns with other models do not count there. If they did, ten owners with more urgent
 * work elsewhere would keep all others from the model. Newcomers have every second turn, in the order in which they came. So newcomers
 * do not wait longer because many others wait, and the others wait at most twice as long, however many newcomers come.
 *
 * An owner's tasks go by priority. Among those of one priority, the groups alternate, and each goes by age: a picture does not wait
 * for the chunks of a long recording. A task whose consumer died before runs alone, because it may be what ended the consumer. It
 * has no earlier turn: the lease ends before it, and it is the first of its class in the next lease. If it came before all others, an
 * owner with many such tasks would have all leases.
 *
 * A limit is written `?n + 0`, because SQLite compiles a statement again each time a value is bound to a bare parameter of a LIMIT. That
 * takes longer than running it. A name in WITH is compiled once for each place that uses it.
 */
export const CHOSEN = `
  WITH RECURSIVE ${GROUPS}, ${RING},
  found (id, room, place, apart, class, wrapped) AS (
    -- If ten owners have a turn, one task of each is enough. The fewer there are, the more tasks of each may be taken.
    SELECT h.value, lanes.room, h.key, iif(lanes.is_apart, lanes.model, ''), iif(lanes.is_apart, lanes.model, 'all'), lanes.wrapped
      FROM lanes, ${firstOf(
        "lanes.lane",
        `(SELECT max(1, ?2 + 1 - coalesce(max(c.n), 0)) FROM (SELECT count(*) AS n FROM lanes GROUP BY prefix) c)`,
      )}
    UNION ALL
    SELECT h.value, g.room, h.key, '', 'newcomers', 0 FROM open_groups g, ${firstOf("g.prefix || 'n'", "?2 + 0")} WHERE g.room > 0
  ),
  turns AS (
    SELECT t.id, t.model, f.room, t.lost, f.class,
           iif(t.is_newcomer, t.scheduled_at, f.wrapped) AS lap, t.owner_id,
           row_number() OVER (PARTITION BY t.owner_id, f.apart ORDER BY t.priority, f.place, t.scheduled_at, t.id) AS turn
      FROM found f CROSS JOIN tasks t ON t.id = f.id
  ),
  ranked AS MATERIALIZED (
    SELECT turns.*, random() AS luck, row_number() OVER (PARTITION BY class, turn ORDER BY lap, owner_id) AS rank FROM turns
  ),
  places AS (
    SELECT ranked.*, row_number() OVER (PARTITION BY model ORDER BY turn, rank, luck) AS nth FROM ranked
  ),
  chosen AS (
    SELECT p.id, row_number() OVER following AS place, sum(p.lost > 0) OVER following AS found_lost
      FROM places p
     WHERE p.nth <= p.room
    WINDOW following AS (ORDER BY p.turn, p.rank, p.luck ROWS UNBOUNDED PRECEDING)
     ORDER BY place LIMIT ?2 + 0
  )
  SELECT id FROM chosen WHERE place = 1 OR found_lost = 0`;
