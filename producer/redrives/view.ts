import { parseOwn } from "../../shared/input/read-json.ts";
import type { CountedRedrive } from "../../shared/db/redrives/redrives.ts";
import type { RedriveFilter } from "../../shared/redrives/redrive.ts";
import { iso } from "../http/time.ts";
import type { Redrive } from "./schema.ts";

/**
 * A redrive as clients see it. Of the letters that matched, `pending` wait, `redriven` have been given another life,
 * `skipped` were closed meanwhile, and `released` were given back when it was cancelled or stopped. `running`,
 * `completed`, `failed` and `cancelled` say what became of those redriven.
 */
export function redriveView(redrive: CountedRedrive, origin: string): Redrive {
  const { matched, released, fates } = redrive;
  return {
    id: redrive.id,
    state: redrive.state,
    reason: redrive.reason,
    filter: parseOwn(redrive.filter) as RedriveFilter,
    limit: redrive.maxLetters,
    ratePerSecond: redrive.ratePerSecond,
    canary: redrive.canaryId,
    progress: {
      matched,
      pending: fates.pending,
      redriven: fates.redriven,
      // Letters are pruned with their jobs, so those that are in no other count are told by subtraction.
      skipped: Math.max(0, matched - released - fates.pending - fates.redriven),
      released,
      running: fates.running,
      completed: fates.completed,
      failed: fates.failed,
      cancelled: fates.cancelled,
    },
    createdAt: iso(redrive.createdAt),
    finishedAt: iso(redrive.finalizedAt),
    url: `${origin}/v1/redrives/${redrive.id}`,
  };
}
