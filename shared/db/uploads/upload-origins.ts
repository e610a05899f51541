import { type Key, keyOf, type KeyRow, selectKeys } from "../keys/keys.ts";

/** The origins of objects whose keys Darkroom gave out. */
export interface UploadOrigins {
  /** The API keys that the objects were stored or announced with, by id. */
  readonly keys: ReadonlyMap<string, Key>;
  /** The uploads that were announced and have not expired long ago, by id. */
  readonly announced: ReadonlyMap<string, AnnouncedUpload>;
  /** The etags of the bytes that became a job before, by the object's key. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
}

export interface AnnouncedUpload {
  readonly id: string;
  readonly ownerId: string;
  readonly key: string;
  readonly abortedAt: number | null;
}

export const NO_ORIGINS: UploadOrigins = { keys: new Map(), announced: new Map(), taken: new Map() };

type Found = KeyRow | AnnouncedUpload | { readonly key: string; readonly etag: string };

/** Read the origins of objects in one round trip, however many there are. */
export async function readUploadOrigins(
  db: D1Database,
  asked: {
    readonly bucket: string;
    readonly keyIds: readonly string[];
    readonly uploadIds: readonly string[];
    readonly objectKeys: readonly string[];
  },
): Promise<UploadOrigins> {
  const [keys, announced, taken] = await db.batch<Found>([
    selectKeys(db, asked.keyIds),
    db
      .prepare(
        `SELECT id, owner_id AS ownerId, key, aborted_at AS abortedAt
           FROM pending_uploads WHERE id IN (SELECT value FROM json_each(?1))`,
      )
      .bind(JSON.stringify(asked.uploadIds)),
    db
      .prepare(
        `SELECT u.key, u.etag FROM json_each(?2) o JOIN uploads u INDEXED BY uploads_with_job
             ON u.bucket = ?1 AND u.key = o.value
          WHERE u.job_id IS NOT NULL`,
      )
      .bind(asked.bucket, JSON.stringify(asked.objectKeys)),
  ]);
  // A batch has one type for the rows of all its statements.
  const keyRows = (keys?.results ?? []) as KeyRow[];
  const uploadRows = (announced?.results ?? []) as AnnouncedUpload[];
  const takenRows = (taken?.results ?? []) as { key: string; etag: string }[];
  return {
    keys: new Map(keyRows.map((row) => [row.id, keyOf(row)])),
    announced: new Map(uploadRows.map((row) => [row.id, row])),
    taken: etagsOf(takenRows),
  };
}

function etagsOf(rows: readonly { key: string; etag: string }[]): ReadonlyMap<string, readonly string[]> {
  const byKey = Map.groupBy(rows, ({ key }) => key);
  return new Map([...byKey].map(([key, found]) => [key, found.map(({ etag }) => etag)]));
}
