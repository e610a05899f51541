// How many jobs maintenance deletes a minute, D1 and R2 included: it runs once a minute.
import { pruneFinalized } from "../../consumer/maintenance/prune.ts";
import { d1Index } from "../../shared/search/d1-index.ts";
import { RETENTION_DAYS } from "./cases.ts";
import type { CountingD1 } from "./counting-d1.ts";
import { NOW } from "./history.ts";

export interface Pruning {
  readonly jobsAMinute: number;
  /** How long the run of that minute took. */
  readonly ms: number;
}

export async function measurePruning({ db, media }: CountingD1): Promise<Pruning> {
  const start = performance.now();
  const deps = { db, media, passages: d1Index(db), retentionDays: RETENTION_DAYS };
  const jobsAMinute = await pruneFinalized(deps, NOW);
  return { jobsAMinute, ms: performance.now() - start };
}
