import { writeCursor } from "../jobs/maintenance.ts";
import { HOUR_MS } from "../../durations.ts";

/** When the bucket last told of an object, and when the sweep last found one that it had not told of: epoch milliseconds. */
export interface Findings {
  readonly notifiedAt: number | null;
  readonly sweptAt: number | null;
}

/** The bucket has told of an object. Written once an hour at most. */
export async function noteNotification(db: D1Database, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO cursors (name, value) VALUES ('notified', ?1)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(value AS INTEGER) < CAST(?2 AS INTEGER)`,
    )
    .bind(String(now), String(now - HOUR_MS))
    .run();
}

/** The sweep has found objects that the bucket had not told of. */
export async function noteSweep(db: D1Database, now: number): Promise<void> {
  await writeCursor(db, "swept", String(now));
}

export async function readFindings(db: D1Database): Promise<Findings> {
  const { results } = await db
    .prepare(`SELECT name, value FROM cursors WHERE name IN ('notified', 'swept')`)
    .all<{ name: string; value: string }>();
  const at = (name: string) => {
    const found = results.find((row) => row.name === name);
    return found === undefined ? null : Number(found.value);
  };
  return { notifiedAt: at("notified"), sweptAt: at("swept") };
}
