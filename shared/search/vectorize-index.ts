import { findPassageIds, replacePassages } from "../db/search/passages.ts";
import type { PassageIndex } from "./passage.ts";
import { CANDIDATES, rank } from "./rank.ts";
import { sha256Hex } from "../hash.ts";

/** The platform's limits (developers.cloudflare.com/vectorize/platform/limits, read 2026-11-23). */
const UPSERTED_A_CALL = 1000;
const MAX_NAMESPACE_BYTES = 64;
/** Not on that page. A call with more ids is refused as a whole (`40007: too many ids in payload; max id count is 100`). */
const DELETED_A_CALL = 100;

/**
 * Keeps vectors in Vectorize, in a namespace for each owner, and texts in D1. A vector can be found a few seconds after it was
 * written. Only passages that D1 has are returned. Needs metadata indexes on `space`, `jobId` and `kind`: see bin/provision.
 */
export function vectorizeIndex(db: D1Database, vectors: Vectorize): PassageIndex {
  async function forget(ids: readonly string[]): Promise<void> {
    for (const some of chunks(ids, DELETED_A_CALL)) await vectors.deleteByIds([...some]);
  }

  return {
    // Rows first: a vector without a row could never be found and deleted.
    async put(job, { passages, space }) {
      const kept = new Set(passages.map(({ id }) => id));
      await forget((await findPassageIds(db, [job.id])).filter((id) => !kept.has(id)));
      const rows = passages.map((passage) => ({ ...passage, vector: null }));
      const replaced = await replacePassages(db, job, { passages: rows, space });
      if (replaced.count === 0) return replaced.rows;
      const namespace = await namespaceOf(job.ownerId);
      for (const some of chunks(passages, UPSERTED_A_CALL)) {
        await vectors.upsert(
          some.map(({ id, vector }) => ({
            id,
            namespace,
            values: [...vector],
            metadata: { space, jobId: job.id, kind: job.kind },
          })),
        );
      }
      return replaced.rows;
    },

    async query(query) {
      return rank(db, query, async ({ vector, space }) => {
        const { jobId, kind } = query;
        const { matches } = await vectors.query([...vector], {
          topK: CANDIDATES, // 50 if values or metadata were requested too
          namespace: await namespaceOf(query.ownerId),
          returnValues: false,
          returnMetadata: "none",
          filter: { space, ...(jobId !== undefined && { jobId }), ...(kind !== undefined && { kind }) },
        });
        return matches.map(({ id, score }) => ({ id, similarity: score }));
      });
    },

    forget,
  };
}

/** Return an owner's namespace. A name that is too long is hashed. */
async function namespaceOf(ownerId: string): Promise<string> {
  const name = new TextEncoder().encode(ownerId);
  if (name.length <= MAX_NAMESPACE_BYTES) return ownerId;
  return sha256Hex(name);
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
