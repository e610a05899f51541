import type { JobDetail } from "../../jobs/job-detail.ts";
import { type FoundKey, foundKey, type KeyRow, selectKey } from "../keys/keys.ts";
import { detailOf, selectJob } from "./reads.ts";

const OWNER_OF_KEY = "(SELECT k.owner_id FROM api_keys k WHERE k.id = ?3)";

/**
 * Find a key, and a job of its owner with all its details, in one round trip. The job is null if the owner has no such job. Nobody may
 * see it before the key has been checked.
 */
export async function findKeyAndJob(
  db: D1Database,
  { keyId, jobId }: { readonly keyId: string; readonly jobId: string },
): Promise<{ readonly found: FoundKey | null; readonly job: JobDetail | null }> {
  const [keys, ...job] = await db.batch<never>([
    selectKey(db, keyId),
    ...selectJob(db, jobId, { sql: OWNER_OF_KEY, value: keyId }),
  ]);
  const [row]: readonly (KeyRow & { readonly secretHash: string })[] = keys?.results ?? [];
  return { found: foundKey(row), job: detailOf(job) };
}
