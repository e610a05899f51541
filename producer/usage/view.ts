import type { Usage, UsageRow } from "../../shared/db/cost/usage-reads.ts";
import { FREE_NEURONS_A_DAY, microUsd } from "../../shared/cost/neurons.ts";
import { DAY_MS } from "../../shared/durations.ts";
import type { Free, UsageAnswer } from "./schema.ts";

/** How many rows one answer may have. */
export const MOST_ROWS = 10_000;

/** Usage as the API shows it. Days count from the epoch. */
export function usageView(
  { rows, days }: Usage,
  about: { ownerId: string | null; fromDay: number; toDay: number; free: Free },
): UsageAnswer {
  const total = rows.reduce(
    (sum, row) => ({
      calls: sum.calls + row.calls,
      neurons: sum.neurons + row.neurons,
      estimatedNeurons: sum.estimatedNeurons + row.estimatedNeurons,
    }),
    { calls: 0, neurons: 0, estimatedNeurons: 0 },
  );
  const billed = days.reduce((sum, { neurons }) => sum + Math.max(0, neurons - FREE_NEURONS_A_DAY), 0);
  return {
    scope: about.ownerId === null ? "all" : "owner",
    from: dateOf(about.fromDay),
    to: dateOf(about.toDay),
    rows: rows.map(rowView),
    total: {
      ...total,
      microUsd: microUsd(total.neurons),
      billedMicroUsd: about.ownerId === null ? microUsd(billed) : null,
    },
    free: about.free,
  };
}

function rowView({ day, kind, ...row }: UsageRow): UsageAnswer["rows"][number] {
  return {
    ...(day !== undefined && { day: dateOf(day) }),
    ...(kind !== undefined && { kind: kind as NonNullable<UsageAnswer["rows"][number]["kind"]> }),
    ...row,
    microUsd: microUsd(row.neurons),
  };
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
