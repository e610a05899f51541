import { EVERYBODY } from "../../cost/budget.ts";

export const USAGE_GROUPS = ["day", "model", "kind", "owner"] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const COLUMNS: Readonly<Record<UsageGroup, string>> = {
  day: "day",
  model: "model",
  kind: "kind",
  owner: "owner_id AS owner",
};

/** What the calls of one row consumed. Groups that were not asked for are missing. */
export interface UsageRow {
  /** Days since the epoch, UTC. */
  readonly day?: number;
  readonly model?: string;
  readonly kind?: string;
  readonly owner?: string;
  readonly calls: number;
  readonly neurons: number;
  /** How many of the neurons are the catalogue's figure. */
  readonly estimatedNeurons: number;
}

export interface UsageQuestion {
  /** The figures of one owner; null for those of the account. */
  readonly ownerId: string | null;
  /** The first and the last day, in days since the epoch. */
  readonly fromDay: number;
  readonly toDay: number;
  readonly by: readonly UsageGroup[];
  readonly limit: number;
}

export interface Usage {
  readonly rows: readonly UsageRow[];
  /** The sums by day. */
  readonly days: readonly { readonly day: number; readonly neurons: number }[];
}

/** Read what was consumed, in one round trip. */
export async function readUsage(db: D1Database, question: UsageQuestion): Promise<Usage> {
  const { ownerId, fromDay, toDay, by, limit } = question;
  const groups = by.map((_, index) => index + 1).join(", ");
  // Reads the account's own rows, unless the figures are grouped by owner.
  const whose = by.includes("owner") && ownerId === null ? `owner_id <> ?1` : `owner_id = ?1`;
  const owner = ownerId ?? EVERYBODY;
  const [rows, days] = await db.batch<never>([
    db
      .prepare(
        `SELECT ${by.map((group) => COLUMNS[group]).join(", ")}, sum(calls) AS calls, sum(neurons) AS neurons,
                sum(estimated_neurons) AS estimatedNeurons
           FROM usage_days WHERE ${whose} AND day BETWEEN ?2 AND ?3
          GROUP BY ${groups} ORDER BY ${groups} LIMIT ?4`,
      )
      .bind(owner, fromDay, toDay, limit),
    db
      .prepare(
        `SELECT day, sum(neurons) AS neurons FROM usage_days WHERE owner_id = ?1 AND day BETWEEN ?2 AND ?3 GROUP BY day`,
      )
      .bind(owner, fromDay, toDay),
  ]);
  return { rows: rows?.results ?? [], days: days?.results ?? [] };
}

/** Read what was consumed on one day, by an owner or (null) by the whole account. */
export async function readDay(db: D1Database, ownerId: string | null, day: number): Promise<number> {
  const neurons = await db
    .prepare(`SELECT sum(neurons) AS neurons FROM usage_days WHERE owner_id = ?1 AND day = ?2`)
    .bind(ownerId ?? EVERYBODY, day)
    .first<number | null>("neurons");
  return neurons ?? 0;
}
