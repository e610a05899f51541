import { writeCursor } from "../jobs/maintenance.ts";
import { HOUR_MS } from "../../durations.ts";

/**
 * When the bucket last sent a notification of an object, and when the sweep last found an object without one: epoch
 * milliseconds.
 */
export interface Findings {
  readonly notifiedAt: number | null;
  readonly sweptAt: number | null;
}

/** Record that the bucket has sent a notification. Written once an hour at most. */
export async function noteNotification(db: D1Database, now: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO cursors (name, value) VALUES ('notified', ?1)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(value AS INTEGER) < CAST(?2 AS INTEGER)`,
    )
    .bind(String(now), String(now - HOUR_MS))
    .run();
}

/** Record that the sweep found objects for which the bucket had sent no notification. */
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
