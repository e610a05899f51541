import { leaseTasks } from "../../shared/db/tasks/leases.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { recordLeases } from "./record-attempts.ts";

/** A consumer that dies is noticed after this time. A consumer that is alive renews its leases well before. */
export const LEASE_MS = 90_000;

const RENEW_EVERY_MS = 20_000;

export type LeaseDeps = Pick<Intake, "db" | "journal" | "callsAMinute">;

/** Lease the tasks that come next, at most `limit`. Returns null if D1 did not answer; the error is then in the journal. */
export async function lease(limit: number, { db, journal, callsAMinute }: LeaseDeps): Promise<readonly Task[] | null> {
  const asked = { id: crypto.randomUUID(), now: Date.now(), leaseMs: LEASE_MS, limit, callsAMinute };
  try {
    const tasks = await retryTransient(() => leaseTasks(db, asked));
    recordLeases(journal, tasks);
    return tasks;
  } catch (error) {
    journal.fault({ event: "lease.failed" }, error, { tasks: limit });
    return null;
  }
}

/**
 * Decide when the leases of a batch are renewed.
 * @returns a function that returns for how long to renew them now; null while they need no renewal.
 */
export function createRenewal(now: () => number = Date.now): () => number | null {
  let renewedAt = now();
  return () => {
    if (now() - renewedAt < RENEW_EVERY_MS) return null;
    renewedAt = now();
    return LEASE_MS;
  };
}
