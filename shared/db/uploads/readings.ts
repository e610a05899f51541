// Which objects of the inbox are being read: what ends its reader is found out by the row that stays.
import type { Announcement } from "../../uploads/announcement.ts";
import { DAY_MS } from "../../durations.ts";

/** A reading takes milliseconds. One that began so long ago has ended with its reader. As long as a task's lease. */
export const READING_MS = 90_000;

/** Whoever put an object there may delete it before it is read again. */
const FORGET_MS = 7 * DAY_MS;

export interface Reading {
  /** Readers that ended while they read the object. */
  readonly lost: number;
}

const OBJECTS = `SELECT o.value ->> 'bucket' AS bucket, o.value ->> 'key' AS key, o.value ->> 'etag' AS etag FROM json_each(?1) o`;

/** Of these objects, those that somebody began to read and has not ended. */
export async function findReadings(
  db: D1Database,
  objects: readonly Announcement[],
): Promise<ReadonlySet<Announcement>> {
  const { results } = await db
    .prepare(`SELECT key, etag FROM readings WHERE (bucket, key, etag) IN (${OBJECTS})`)
    .bind(JSON.stringify(objects))
    .all<{ key: string; etag: string }>();
  return new Set(objects.filter(({ key, etag }) => results.some((row) => row.key === key && row.etag === etag)));
}

/** Note that these are going to be read. @returns those that nobody else reads just now. */
export async function beginReadings(
  db: D1Database,
  objects: readonly Announcement[],
  now: number,
): Promise<ReadonlyMap<Announcement, Reading>> {
  const begin = db
    .prepare(
      `INSERT INTO readings (bucket, key, etag, began_at)
       SELECT bucket, key, etag, ?2 FROM (${OBJECTS}) WHERE true
       ON CONFLICT (bucket, key, etag) DO UPDATE SET lost = lost + 1, began_at = excluded.began_at
        WHERE began_at <= ?3
       RETURNING key, etag, lost`,
    )
    .bind(JSON.stringify(objects), now, now - READING_MS);
  const forget = db.prepare(`DELETE FROM readings WHERE began_at < ?1`).bind(now - FORGET_MS);
  const [, begun] = await db.batch<{ key: string; etag: string; lost: number }>([forget, begin]);
  const rows = begun?.results ?? [];
  return new Map(
    objects.flatMap((object) => {
      const row = rows.find(({ key, etag }) => key === object.key && etag === object.etag);
      return row === undefined ? [] : [[object, { lost: row.lost }] as const];
    }),
  );
}

/** They were read, or could not be: their reader is still there. */
export async function endReadings(db: D1Database, objects: readonly Announcement[]): Promise<void> {
  await db
    .prepare(`DELETE FROM readings WHERE (bucket, key, etag) IN (${OBJECTS})`)
    .bind(JSON.stringify(objects))
    .run();
}
