// Which objects of the inbox are being read. The row that stays identifies an object that ended its reader.
import type { Announcement } from "../../uploads/announcement.ts";
import { DAY_MS } from "../../durations.ts";

/** A reading takes milliseconds. A reading that began this long ago has ended with its reader. As long as a task's lease. */
export const READING_MS = 90_000;

/** The client that put an object there may delete it before it is read again. */
const FORGET_MS = 7 * DAY_MS;

export interface Reading {
  /** Readers that ended while they read the object. */
  readonly lost: number;
}

const OBJECTS = `SELECT o.value ->> 'bucket' AS bucket, o.value ->> 'key' AS key, o.value ->> 'etag' AS etag FROM json_each(?1) o`;

/** Return those of the objects whose reading has begun and has not ended. */
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

/** Record that these objects are about to be read. @returns those that no other consumer is reading now. */
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

/** Record that these objects were read, or could not be: their reader is still alive. */
export async function endReadings(db: D1Database, objects: readonly Announcement[]): Promise<void> {
  await db
    .prepare(`DELETE FROM readings WHERE (bucket, key, etag) IN (${OBJECTS})`)
    .bind(JSON.stringify(objects))
    .run();
}
