import * as z from "zod";

import { USAGE_GROUPS, type UsageGroup } from "../../shared/db/cost/usage-reads.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { DAY_MS, utcDay } from "../../shared/durations.ts";
import { OwnerId } from "../../shared/keys/owner-id.ts";

/** A query is not an export: it covers at most a year. */
const MOST_DAYS = 366;
const DEFAULT_DAYS = 30;

const Groups = z.array(z.enum(USAGE_GROUPS)).refine((groups) => new Set(groups).size === groups.length);

/** The query of `GET /v1/usage`. Days are UTC, and both ends are included. The default is the last thirty days. */
export const UsageQuery = z
  .strictObject({
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
    /** One or more of `day,model,kind,owner`. */
    by: boundedText({ max: 100 })
      .default("day")
      .transform((text, context): readonly UsageGroup[] => {
        const groups = Groups.safeParse(text.split(","));
        if (groups.success) return groups.data;
        context.addIssue({ code: "custom", message: `expected one or more of ${USAGE_GROUPS.join(",")}, each once` });
        return z.NEVER;
      }),
    ownerId: OwnerId.optional(),
  })
  .transform(({ from, to, ...rest }, context) => {
    const today = utcDay(Date.now());
    const first = from === undefined ? undefined : dayOf(from);
    const toDay = to === undefined ? Math.max(today, first ?? 0) : dayOf(to);
    const fromDay = first ?? toDay - DEFAULT_DAYS + 1;
    if (fromDay > toDay) {
      context.addIssue({ code: "custom", path: ["from"], message: "'from' is after 'to'" });
    } else if (toDay - fromDay >= MOST_DAYS) {
      context.addIssue({ code: "custom", path: ["from"], message: `at most ${MOST_DAYS} days at a time` });
    }
    return { ...rest, fromDay, toDay };
  });

function dayOf(date: string): number {
  return Date.parse(date) / DAY_MS;
}
