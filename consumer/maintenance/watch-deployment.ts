// Alerts about the deployment, which maintenance raises, and about maintenance, which consumers raise.
import { cronSign, DATABASE_LIMIT_BYTES, type Sign, signsOf } from "../../shared/alerts/alert.ts";
import { deliverStrays, type StrayDeps } from "./deliver-strays.ts";
import { type Incident, lookAround, readMaintained, settleIncidents } from "../../shared/db/webhooks/incidents.ts";
import type { Journal } from "../../shared/jobs/journal.ts";

export interface AlertDeps extends StrayDeps {
  readonly operatorId: string;
  readonly journal: Journal;
}

export interface WatchDeps extends AlertDeps {
  /** The queues by name. The queue of tasks is not among them: D1 has a better figure for it. */
  readonly watchedQueues: Readonly<Record<string, Queue>>;
  readonly databaseLimitBytes?: number;
}

/**
 * Compare the deployment with its normal state. The operator is notified once when something is wrong, and once when it is
 * over.
 */
export async function watchDeployment(deps: WatchDeps, now: number): Promise<number> {
  const { oldestDueAt, maintainedAt, raised, ...findings } = await lookAround(deps.db, now);
  const queues = [
    { queue: "tasks", oldestAgeMs: oldestDueAt === null ? null : Math.max(0, now - oldestDueAt) },
    ...(await Promise.all(Object.entries(deps.watchedQueues).map((named) => ageOf(named, deps, now)))).flat(),
  ];
  const { databaseLimitBytes = DATABASE_LIMIT_BYTES } = deps;
  const signs = signsOf({ ...findings, queues }, { raised, databaseLimitBytes });
  // Maintenance runs, so cron runs. If cron had stopped, this reports it even if no consumer noticed.
  const cron = maintainedAt === null ? null : cronSign(maintainedAt, now);
  if (cron?.state === "wrong") await settle([cron], deps, now);
  return settle([...signs, ...(cron === null ? [] : [{ ...cron, state: "right" as const }])], deps, now);
}

/** Send alerts that are due. */
export async function deliverAlerts(deps: AlertDeps, now: number): Promise<number> {
  return deliverStrays(deps, now);
}

/** How often an isolate checks cron: the check reads one row of D1. The binding lives as long as the isolate. */
const LOOK_EVERY_MS = 5 * 60_000;
const lookedAt = new WeakMap<D1Database, number>();

/** Check that cron runs. Maintenance cannot report that cron has stopped, so a working consumer sends the alert. Never throws. */
export async function watchCron(deps: AlertDeps, now: number, { isAsked = false } = {}): Promise<void> {
  if (!isAsked && now - (lookedAt.get(deps.db) ?? 0) < LOOK_EVERY_MS) return;
  lookedAt.set(deps.db, now);
  try {
    const cron = cronSign(await readMaintained(deps.db, now), now);
    if (cron.state !== "wrong") return;
    await settle([cron], deps, now);
    await deliverStrays(deps, now);
  } catch (error) {
    deps.journal.fault({ event: "alerts.failed" }, error);
  }
}

async function settle(signs: readonly Sign[], { db, operatorId, journal }: AlertDeps, now: number): Promise<number> {
  const { raised, ended } = await settleIncidents(db, signs, { operatorId, now });
  for (const incident of raised) journal.record({ event: "alert.raised", code: incident.alert }, detailOf(incident));
  for (const incident of ended) journal.record({ event: "alert.ended", code: incident.alert }, detailOf(incident));
  return raised.length + ended.length;
}

function detailOf({ id, subject, since }: Incident) {
  return { incidentId: id, subject, since };
}

async function ageOf([name, queue]: [string, Queue], { journal }: AlertDeps, now: number) {
  try {
    const { oldestMessageTimestamp: oldest, backlogCount } = await queue.metrics();
    const isEmpty = backlogCount === 0 || oldest === undefined || oldest.getTime() === 0;
    return [{ queue: name, oldestAgeMs: isEmpty ? null : Math.max(0, now - oldest.getTime()) }];
  } catch (error) {
    // An unknown age must neither raise nor end an alert.
    journal.fault({ event: "queues.failed" }, error, { queue: name });
    return [];
  }
}
