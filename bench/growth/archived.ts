// What the jobs of a history take in the database once all that can be archived are.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { archiveJobs } from "../../consumer/maintenance/archive.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { readBytes } from "./bytes.ts";
import { NOW } from "./history.ts";
import { D1_LIMITS, sqliteD1 } from "./sqlite-d1.ts";

export interface Archived {
  readonly jobs: number;
  /** Rows of `jobs` with their indexes, for each archived job: as the pages are left, and packed. */
  readonly rowBytes: number;
  readonly packedRowBytes: number;
  /** Everything but the words for search, packed. */
  readonly packedBytes: number;
}

/** Archive a copy of the database at this path. It stays as it is. */
export async function measureArchived(path: string): Promise<Archived> {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-archived-"));
  const copy = join(folder, "copy.sqlite");
  await cp(path, copy);
  const database = new DatabaseSync(copy, { limits: D1_LIMITS });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON");
    database.exec(
      `INSERT INTO cursors (name, value) VALUES ('recorded', '${NOW}'), ('words', 'all')
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    );
    const deps = { db: sqliteD1(database), media: bucketOfOne(), journal: THROWING, archiveAfterMs: 1 };
    while ((await archiveJobs(deps, NOW)) > 0);
    // Jobs with dead letters stay whole.
    database.exec("DELETE FROM jobs WHERE archive_id IS NULL");
    const jobs = Number(database.prepare("SELECT count(*) AS n FROM jobs").get()?.["n"]);
    const asLeft = readBytes(database);
    database.exec("VACUUM");
    const packed = readBytes(database);
    return {
      jobs,
      rowBytes: (asLeft.ofTables["jobs"] ?? 0) / jobs,
      packedRowBytes: (packed.ofTables["jobs"] ?? 0) / jobs,
      packedBytes: packed.main / jobs,
    };
  } finally {
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keeps the last object: the archiver reads each back before it writes another. */
function bucketOfOne(): R2Bucket {
  let last: { key: string; bytes: Uint8Array } | null = null;
  return {
    async put(key: string, bytes: Uint8Array) {
      last = { key, bytes };
    },
    async get(key: string) {
      const bytes = last?.key === key ? last.bytes : null;
      return bytes && { arrayBuffer: async () => bytes.slice().buffer };
    },
  } as unknown as R2Bucket; // the archiver calls nothing else
}

const THROWING: Journal = {
  record: () => undefined,
  fault: (_entry, error) => {
    throw error;
  },
};
