import type { EndedAttempt } from "../../shared/jobs/outcome.ts";
import type { Task } from "../../shared/jobs/task.ts";

const TAKEN_AWAY = "the task was cancelled, or its lease ran out";

/** Tasks of a batch that run side by side, and their attempts that have ended but are not settled. */
export interface RunningTasks {
  /** Whether a task is running, or an attempt is not settled. */
  readonly isBusy: boolean;
  readonly tasks: readonly Task[];
  readonly allEnded: Promise<unknown>;
  /** Attempts that ended since the last call. */
  takeEnded(): readonly EndedAttempt[];
  /** Take back attempts that could not be settled. */
  putBack(attempts: readonly EndedAttempt[]): void;
  /** Abort those of `tasks` that are not in `held`: their lease is no longer valid. */
  stopTakenAway(tasks: readonly Task[], held: ReadonlySet<string>): void;
}

/** @param run must not reject. */
export function runSideBySide(
  tasks: readonly Task[],
  run: (task: Task, signal: AbortSignal) => Promise<EndedAttempt>,
): RunningTasks {
  const running = new Map(tasks.map((task) => [task.id, { task, stop: new AbortController() }]));
  let unsettled: EndedAttempt[] = [];
  const allEnded = Promise.all(
    [...running.values()].map(async ({ task, stop }) => {
      const ended = await run(task, stop.signal);
      unsettled.push(ended); // read after the await: takeEnded may have replaced the list
      running.delete(task.id);
    }),
  );
  return {
    allEnded,
    get isBusy() {
      return running.size > 0 || unsettled.length > 0;
    },
    get tasks() {
      return Array.from(running.values(), ({ task }) => task);
    },
    takeEnded() {
      const ended = unsettled;
      unsettled = [];
      return ended;
    },
    putBack(attempts) {
      unsettled = [...attempts, ...unsettled];
    },
    stopTakenAway(watched, held) {
      for (const { id } of watched) if (!held.has(id)) running.get(id)?.stop.abort(new Error(TAKEN_AWAY));
    },
  };
}
