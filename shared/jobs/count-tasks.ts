import type { TaskKind } from "./task-kind.ts";

/** An unfinished task. Times are epoch milliseconds. */
export interface UnfinishedTask {
  readonly kind: TaskKind;
  readonly state: "pending" | "available" | "retryable" | "running";
  readonly scheduledAt: number;
  /** Why it waits, if it waits for a budget or the account's allocation. */
  readonly heldBy: string | null;
  /** 1 if it asks a model. */
  readonly asksModel: number;
}

/** Unfinished tasks of a kind. Each is counted once. */
export interface TaskLoad {
  readonly kind: TaskKind;
  /** Due, and not leased. */
  readonly waiting: number;
  /** Due later: between two attempts, or waiting for capacity. */
  readonly delayed: number;
  /**
   * Held until after a midnight UTC, because the daily allocation or a budget is used up. While the account is held, also due
   * tasks.
   */
  readonly held: number;
  readonly running: number;
  /** In a stage that has not opened yet. */
  readonly pending: number;
  /** When the task that has waited longest became due: epoch milliseconds. */
  readonly oldestDueAt: number | null;
}

/** Count tasks by kind. */
export function countTasks(
  tasks: Iterable<UnfinishedTask>,
  { now, isAccountHeld }: { now: number; isAccountHeld: boolean },
): readonly TaskLoad[] {
  const loads = new Map<TaskKind, { -readonly [Figure in keyof TaskLoad]: TaskLoad[Figure] }>();
  for (const { kind, state, scheduledAt, heldBy, asksModel } of tasks) {
    const load = loads.get(kind) ?? {
      kind,
      waiting: 0,
      delayed: 0,
      held: 0,
      running: 0,
      pending: 0,
      oldestDueAt: null,
    };
    loads.set(kind, load);
    const isDue = scheduledAt <= now;
    if (state === "running" || state === "pending") load[state] += 1;
    else if ((asksModel === 1 && isAccountHeld) || (state === "retryable" && !isDue && heldBy !== null)) load.held += 1;
    else if (!isDue) load.delayed += 1;
    else {
      load.waiting += 1;
      load.oldestDueAt = Math.min(load.oldestDueAt ?? Infinity, scheduledAt);
    }
  }
  return [...loads.values()];
}
