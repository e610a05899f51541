// Deletes rows that have reached their age, of tables whose only index by time begins with the owner.

/** The tables, and the columns that identify their rows. */
const KEYS = { uploads: ["bucket", "key", "etag"], audit: ["id"] } as const satisfies Record<string, readonly string[]>;

export type EndingTable = keyof typeof KEYS;

export interface Ended {
  readonly count: number;
  /** The last owner that was looked at; null if no owner comes after it. */
  readonly last: string | null;
}

/**
 * Delete rows of the next owners that were created before a time. Reads a row for each owner, and two for each row that is deleted.
 * @param after the owner after whom it begins; empty for the first.
 */
export async function deleteOld(
  db: D1Database,
  table: EndingTable,
  { after, before, owners, limit }: { after: string; before: number; owners: number; limit: number },
): Promise<Ended> {
  const next = `
    WITH RECURSIVE owners (id, nth) AS (
      SELECT min(owner_id), 1 FROM ${table} WHERE owner_id > ?1
      UNION ALL
      SELECT (SELECT min(o.owner_id) FROM ${table} o WHERE o.owner_id > owners.id), nth + 1
        FROM owners WHERE owners.id IS NOT NULL AND nth < ?2
    )`;
  const [found, deleted] = await db.batch<{ last: string | null; count: number }>([
    db.prepare(`${next} SELECT max(id) AS last, count(id) AS count FROM owners`).bind(after, owners),
    db
      .prepare(
        `DELETE FROM ${table} WHERE (${KEYS[table].join(", ")}) IN (
           ${next} SELECT ${KEYS[table].map((column) => `x.${column}`).join(", ")} FROM owners CROSS JOIN ${table} x INDEXED BY ${table}_by_owner
                    WHERE x.owner_id = owners.id AND x.created_at < ?3 LIMIT ?4)`,
      )
      .bind(after, owners, before, limit),
  ]);
  const looked = found?.results[0];
  const count = deleted?.meta.changes ?? 0;
  // If there was more to delete, the same owners come next.
  if (count === limit) return { count, last: after };
  return { count, last: looked?.count === owners ? looked.last : null };
}
