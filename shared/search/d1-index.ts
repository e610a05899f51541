import { readVectors, replacePassages } from "../db/search/passages.ts";
import type { PassageIndex } from "./passage.ts";
import { CANDIDATES, type Near, rank } from "./rank.ts";
import { topK } from "./top-k.ts";
import { decodeVector, dot, encodeVector, unit } from "./vector.ts";

/**
 * Keeps everything in D1. A search by meaning compares the query with every passage of the owner, so it misses nothing, and takes
 * longer the more passages there are.
 */
export function d1Index(db: D1Database): PassageIndex {
  return {
    async put(job, { passages, space }) {
      const rows = passages.map(({ vector, ...passage }) => ({ ...passage, vector: encodeVector(unit(vector)) }));
      return (await replacePassages(db, job, { passages: rows, space })).rows;
    },

    async query(query) {
      return rank(db, query, async ({ vector, space }) => {
        const wanted = unit(vector);
        const nearest = topK<string>(CANDIDATES);
        for await (const page of readVectors(db, query, space)) {
          for (const row of page) nearest.show(dot(wanted, decodeVector(row.vector)), row.id);
        }
        return nearest.best().map(({ score, value }): Near => ({ id: value, similarity: score }));
      });
    },

    async forget() {
      // The row contains everything.
    },
  };
}
