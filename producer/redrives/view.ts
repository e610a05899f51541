import { parseOwn } from "../../shared/input/read-json.ts";
import type { CountedRedrive } from "../../shared/db/redrives/redrives.ts";
import type { RedriveFilter } from "../../shared/redrives/redrive.ts";
import { iso } from "../http/time.ts";
import type { Redrive } from "./schema.ts";

/**
 * A redrive as the API shows it. Its counts divide the letters that matched: `pending` letters wait, `redriven` ones have been
 * redriven, `skipped` ones were closed in the meantime, and `released` ones were given back when the redrive was cancelled or stopped.
 * `running`, `completed`, `failed` and `cancelled` count the results of the redriven ones.
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
      // Letters are pruned with their jobs, so the letters that are not in another count are found by subtraction.
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
