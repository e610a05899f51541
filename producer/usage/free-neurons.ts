import { readDay } from "../../shared/db/cost/usage-reads.ts";
import { FREE_NEURONS_A_DAY } from "../../shared/cost/neurons.ts";
import { iso } from "../jobs/view.ts";
import type { Free } from "./schema.ts";

export const DAY_MS = 86_400_000;

/** Today's free neurons; what is left of them is the operator's to know. */
export async function readFree(
  db: D1Database,
  { ownerId, operatorId, now }: { ownerId: string; operatorId: string; now: number },
): Promise<Free> {
  const isOperator = ownerId === operatorId;
  const used = await readDay(db, isOperator ? null : ownerId, Math.floor(now / DAY_MS));
  return freeView({ used, isOperator, now });
}

export function freeView({ used, isOperator, now }: { used: number; isOperator: boolean; now: number }): Free {
  return {
    neurons: FREE_NEURONS_A_DAY,
    used,
    left: isOperator ? Math.max(0, FREE_NEURONS_A_DAY - used) : null,
    resetsAt: iso((Math.floor(now / DAY_MS) + 1) * DAY_MS),
  };
}
