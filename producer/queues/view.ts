import type { Load, Throughput } from "../../shared/db/tasks/load.ts";
import type { TaskLoad } from "../../shared/jobs/count-tasks.ts";
import { JOB_KINDS, type JobKind } from "../../shared/kinds/index.ts";
import { jobKindOf } from "../../shared/jobs/task-kind.ts";
import type { ThroughputPoint, ThroughputQuestion } from "../../shared/db/tasks/throughput.ts";
import { HOUR_MS } from "../../shared/durations.ts";
import { iso } from "../http/time.ts";
import type { JobThroughput, KindLoad, Load as LoadView } from "./schema.ts";

/** The load of a kind as `GET /v1/queues` shows it. Tasks are counted by state, jobs by the time they ended. Ages are milliseconds. */
export function kindView(kind: JobKind, load: Load, now: number): KindLoad {
  const { tasks, throughput, letters, pauses } = load;
  const own = tasks.filter((one) => jobKindOf(one.kind) === kind);
  const sum = (figure: "waiting" | "delayed" | "held" | "running" | "pending") =>
    own.reduce((total, one) => total + one[figure], 0);
  const ended = throughput.find((row) => row.kind === kind);
  const pause = pauses.find(({ jobKind }) => jobKind === kind);
  return {
    kind,
    paused: pause === undefined ? null : { since: iso(pause.pausedAt), note: pause.note },
    tasks: {
      waiting: sum("waiting"),
      delayed: sum("delayed"),
      held: sum("held"),
      running: sum("running"),
      pending: sum("pending"),
      oldestDueAgeMs: oldestAgeMs(own, now),
    },
    jobs: throughputView(ended),
    openDeadLetters: letters.find((row) => row.kind === kind)?.count ?? 0,
    atLeast: [
      ...([...load.moreTasks].some((one) => jobKindOf(one) === kind) ? (["tasks"] as const) : []),
      ...(load.isMoreThroughput ? (["jobs"] as const) : []),
      ...(load.isMoreLetters ? (["openDeadLetters"] as const) : []),
    ],
  };
}

/** The account's hold, the view of each kind, and the number of dead letters that do not belong to a job. */
export function loadView(load: Load, now: number): Pick<LoadView, "hold" | "kinds" | "unreadableMessages"> {
  const { hold } = load;
  return {
    hold: hold && { code: hold.code, since: iso(hold.since), until: iso(hold.until) },
    kinds: JOB_KINDS.map((kind) => kindView(kind, load, now)),
    unreadableMessages: load.letters.find((row) => row.kind === null)?.count ?? 0,
  };
}

/** How many jobs ended in each step. */
export function throughputSeries(
  points: readonly ThroughputPoint[],
  { ownerId, hours, stepMs, now }: ThroughputQuestion,
): JobThroughput {
  return {
    scope: ownerId === null ? "all" : "own",
    from: iso(now - hours * HOUR_MS),
    to: iso(now),
    stepSeconds: stepMs / 1000,
    points: points.map((point) => ({ ...point, at: iso(point.at) })),
  };
}

function throughputView(ended: Throughput | undefined): KindLoad["jobs"] {
  return {
    last5Minutes: { completed: ended?.completedIn5Min ?? 0, failed: ended?.failedIn5Min ?? 0 },
    lastHour: { completed: ended?.completedInHour ?? 0, failed: ended?.failedInHour ?? 0 },
  };
}

function oldestAgeMs(tasks: readonly TaskLoad[], now: number): number | null {
  const since = tasks.flatMap((load) => load.oldestDueAt ?? []);
  return since.length === 0 ? null : now - Math.min(...since);
}
