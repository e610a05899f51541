// How many jobs maintenance deletes a minute, D1 and R2 included: it runs once a minute.
import { pruneFinalized } from "../../consumer/maintenance/prune.ts";
import { d1Index } from "../../shared/search/d1-index.ts";
import type { CountingD1, Rows } from "./counting-d1.ts";
import { HISTORY_DAYS, NOW } from "./history.ts";

export interface Pruning extends Rows {
  readonly jobsAMinute: number;
  /** How long the run of that minute took. */
  readonly ms: number;
}

/** Ten in a hundred jobs are older. */
const RETENTION_DAYS = HISTORY_DAYS - 3;

/** Run the duty once. `read` and `written` are the rows of the whole run. */
export async function measurePruning({ db, media, count }: CountingD1): Promise<Pruning> {
  const deps = { db, media, passages: d1Index(db), retentionDays: RETENTION_DAYS };
  const start = performance.now();
  const { read, written, answer } = await count(() => pruneFinalized(deps, NOW));
  return { read, written, jobsAMinute: answer, ms: performance.now() - start };
}
