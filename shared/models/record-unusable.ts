import { UNUSABLE_CODES } from "./error-table.ts";
import type { ModelCall } from "./model-call.ts";
import { noteUnusable } from "../db/models/model-news.ts";
import type { Journal } from "../jobs/journal.ts";
import type { Failure } from "../jobs/settlement.ts";

/** What failed, and the calls that it made: the last of them is the one that failed. */
export interface Failed {
  readonly failure: Pick<Failure, "code">;
  readonly calls: readonly ModelCall[];
}

/**
 * Note models that were withdrawn or are not for this account: for the operator, who has to choose another. Once a day each,
 * however many jobs meet them. Asks D1 only where there are any. Never throws.
 */
export async function recordUnusable(journal: Journal, db: D1Database, failed: readonly Failed[]): Promise<void> {
  const found = new Map<string, string>();
  for (const { failure, calls } of failed) {
    const model = calls.at(-1)?.model;
    if (model !== undefined && UNUSABLE_CODES.has(failure.code)) found.set(model, failure.code);
  }
  for (const [model, code] of found) {
    try {
      if (await noteUnusable(db, model, Date.now())) journal.record({ event: "model.unusable", model, code });
    } catch (error) {
      journal.fault({ event: "unusable.failed" }, error);
    }
  }
}
