import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef } from "preact/hooks";

import type { Redrive } from "../../client/index.ts";
import { IDLE_MS, LIVE_MS } from "../api/queries.ts";
import { api, may } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { Progress } from "../ui/badge.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatCount } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { Age } from "../ui/time.tsx";
import { taskName } from "./task-name.ts";

const STATE_NAMES: Readonly<Record<Redrive["state"], string>> = {
  canary: "Trying one",
  running: "Running",
  completed: "Completed",
  cancelled: "Aborted",
  stopped: "Stopped",
};

/** Bulk redrives, newest first, with their progress. */
export function RedriveList() {
  const queries = useQueryClient();
  const redrives = useQuery({
    queryKey: ["redrives", "list"],
    queryFn: async ({ signal }) => (await api().redrives.list({ limit: 10 }, { signal }).page()).items,
    refetchInterval: ({ state: { data } }) => (data?.some(isMoving) === true ? LIVE_MS : IDLE_MS),
  });
  const all = redrives.data ?? [];
  // Redriven letters leave the list above, and letters that failed again come back to it.
  const stamp = all.map(({ id, state, progress }) => `${id} ${state} ${progress.redriven} ${progress.failed}`).join();
  const before = useRef(stamp);
  useEffect(() => {
    if (before.current !== stamp && before.current !== "")
      void queries.invalidateQueries({ queryKey: ["dead-letters"] });
    before.current = stamp;
  }, [stamp]);
  if (redrives.error !== null) return <ErrorState error={redrives.error} isInline />;
  if (all.length === 0) return null;
  return (
    <section class="section">
      <h2>Redrives</h2>
      <ul class="card redrives">
        {all.map((redrive) => (
          <RedriveRow key={redrive.id} redrive={redrive} />
        ))}
      </ul>
    </section>
  );
}

function RedriveRow({ redrive }: { redrive: Redrive }) {
  const { id, state, reason, progress, createdAt } = redrive;
  const queries = useQueryClient();
  const abort = useMutation({
    mutationFn: async () => api().redrives.cancel(id),
    onSuccess: ({ progress: { released } }) =>
      tell(`The redrive was aborted. ${formatCount(released)} letters are open again.`),
    onError: tellError,
    async onSettled() {
      await queries.invalidateQueries({ queryKey: ["redrives"] });
      await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
  async function ask() {
    const text = "Tasks that were already sent run to their end. Letters that have not been sent are open again.";
    if (await confirm({ title: "Abort this redrive?", text, act: "Abort redrive", isDangerous: true })) abort.mutate();
  }
  const ended = progress.completed + progress.failed + progress.cancelled + progress.skipped + progress.released;
  const tone =
    state === "stopped" || progress.failed > 0
      ? "failed"
      : isMoving(redrive)
        ? "running"
        : state === "cancelled"
          ? "cancelled"
          : "completed";
  return (
    <li class="redrive">
      <div class="redrive-line">
        <span class="state" data-state={tone}>
          <span class="state-dot" aria-hidden="true" />
          {STATE_NAMES[state]}
        </span>
        <span class="redrive-filter one-line soft">{filterName(redrive)}</span>
        <span class="dim small">
          <Age at={createdAt} />
        </span>
        {isMoving(redrive) && may("jobs:read", "jobs:write") && (
          <button type="button" class="button" disabled={abort.isPending} onClick={() => void ask()}>
            Abort
          </button>
        )}
      </div>
      {isMoving(redrive) && (
        <Progress fraction={progress.matched === 0 ? null : ended / progress.matched} label="Progress of the redrive" />
      )}
      <p class="small dim redrive-counts">
        {countsOf(progress).map(([name, count]) => (
          <span key={name} class={name === "failed again" ? "bad" : undefined}>
            {formatCount(count)} {name}
          </span>
        ))}
      </p>
      {reason !== null && <p class="small bad">{reason}</p>}
    </li>
  );
}

function countsOf(progress: Redrive["progress"]): readonly (readonly [string, number])[] {
  const { matched, pending, running, completed, failed, cancelled, skipped, released } = progress;
  const counts = [
    ["to be sent", pending],
    ["running", running],
    ["completed", completed],
    ["failed again", failed],
    ["cancelled", cancelled],
    ["skipped", skipped],
    ["open again", released],
  ] as const;
  return [["matched", matched] as const, ...counts.filter(([, count]) => count > 0)];
}

function isMoving({ state }: Redrive): boolean {
  return state === "canary" || state === "running";
}

function filterName({ filter }: Redrive): string {
  const { fingerprint, code, kind, jobId, createdAfter, createdBefore } = filter;
  const parts = [
    fingerprint !== undefined && fingerprint.split(":").slice(0, 2).join(", "),
    kind !== undefined && taskName(kind),
    code,
    jobId !== undefined && `job ${jobId}`,
    createdAfter !== undefined && `from ${new Date(createdAfter).toLocaleString()}`,
    createdBefore !== undefined && `before ${new Date(createdBefore).toLocaleString()}`,
  ].filter((part): part is string => typeof part === "string");
  return parts.length === 0 ? "All open letters" : parts.join(" · ");
}
