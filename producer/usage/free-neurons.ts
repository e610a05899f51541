import { readDay } from "../../shared/db/cost/usage-reads.ts";
import { FREE_NEURONS_A_DAY } from "../../shared/cost/neurons.ts";
import { iso } from "../http/time.ts";
import type { Free } from "./schema.ts";
import { DAY_MS, utcDay } from "../../shared/durations.ts";

/** Read today's free neurons. Only the operator learns how many are left. */
export async function readFree(
  db: D1Database,
  { ownerId, operatorId, now }: { ownerId: string; operatorId: string; now: number },
): Promise<Free> {
  const isOperator = ownerId === operatorId;
  const used = await readDay(db, isOperator ? null : ownerId, utcDay(now));
  return freeView({ used, isOperator, now });
}

export function freeView({ used, isOperator, now }: { used: number; isOperator: boolean; now: number }): Free {
  return {
    neurons: FREE_NEURONS_A_DAY,
    used,
    left: isOperator ? Math.max(0, FREE_NEURONS_A_DAY - used) : null,
    resetsAt: iso((utcDay(now) + 1) * DAY_MS),
  };
}
