import { UNUSABLE_CODES } from "./error-table.ts";
import type { ModelCall } from "./model-call.ts";
import { noteUnusable } from "../db/models/model-news.ts";
import type { Journal } from "../jobs/journal.ts";
import type { Failure } from "../jobs/outcome.ts";

/** A failure, and the calls of its attempt: the last call is the one that failed. */
export interface Failed {
  readonly failure: Pick<Failure, "code">;
  readonly calls: readonly ModelCall[];
}

/**
 * Record models that were withdrawn or are not for this account, for the operator, who must choose another. Each is recorded
 * once a day, however many jobs meet it. Asks D1 only if there are any. Never throws.
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
