import { type CountedRedrive, type Fates, fatesOf, REDRIVE_COLUMNS, type RedriveRow } from "./redrives.ts";

interface StoredRedrive extends RedriveRow {
  readonly redriven: number | null;
  readonly completed: number | null;
  readonly failed: number | null;
  readonly cancelled: number | null;
}

const STORED = `${REDRIVE_COLUMNS}, redriven, completed, failed, cancelled`;
const NONE: Fates = { pending: 0, redriven: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };

export async function readRedrive(
  db: D1Database,
  redrive: { id: string; ownerId: string },
): Promise<CountedRedrive | null> {
  const row = await db
    .prepare(`SELECT ${STORED} FROM redrives WHERE id = ?1 AND owner_id = ?2`)
    .bind(redrive.id, redrive.ownerId)
    .first<StoredRedrive>();
  if (row === null) return null;
  const [counted] = await count(db, [row]);
  return counted ?? null;
}

/** List redrives, newest first; `before` is the position (time and id) of the last one seen. */
export async function listRedrives(
  db: D1Database,
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly CountedRedrive[]> {
  const { results } = await db
    .prepare(
      `SELECT ${STORED} FROM redrives
        WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?4`,
    )
    .bind(page.ownerId, page.before?.at ?? Number.MAX_SAFE_INTEGER, page.before?.id ?? "", page.limit)
    .all<StoredRedrive>();
  return count(db, results);
}

/** Running redrives are counted by their letters; ended ones were counted when they ended. */
async function count(db: D1Database, rows: readonly StoredRedrive[]): Promise<readonly CountedRedrive[]> {
  const live = rows.filter((row) => row.finalizedAt === null).map((row) => row.id);
  const counted = new Map<string, Fates>();
  if (live.length > 0) {
    const { results } = await db
      .prepare(fatesOf("IN (SELECT value FROM json_each(?1))"))
      .bind(JSON.stringify(live))
      .all<Fates & { redriveId: string }>();
    for (const { redriveId, ...fates } of results) counted.set(redriveId, fates);
  }
  return rows.map(({ redriven, completed, failed, cancelled, ...row }) => ({
    ...row,
    fates: counted.get(row.id) ?? {
      ...NONE,
      redriven: redriven ?? 0,
      completed: completed ?? 0,
      failed: failed ?? 0,
      cancelled: cancelled ?? 0,
    },
  }));
}
