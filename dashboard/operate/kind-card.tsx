import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { JobKind, KindLoad } from "../../client/index.ts";
import { api, isOperator, may } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { formatAtLeast, formatDateTime, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { kindIcon, kindName } from "../ui/kinds.ts";
import { Figure } from "./figure.tsx";
import { LOAD_KEY } from "./load.ts";
import { NoteDialog } from "./note-dialog.tsx";

/** The load of one kind of job, and the button that pauses it. */
export function KindCard({ load }: { load: KindLoad }) {
  const { kind, paused, tasks, jobs, openDeadLetters, atLeast } = load;
  const areTasksAtLeast = atLeast.includes("tasks");
  const areJobsAtLeast = atLeast.includes("jobs");
  return (
    <li class="card kind-card">
      <header>
        <Icon name={kindIcon(kind)} />
        <h2>{kindName(kind)}</h2>
        <PauseButton kind={kind} isPaused={paused !== null} />
      </header>
      {paused !== null && (
        <p class="kind-paused">
          <Icon name="pause" size={14} />
          <span>
            Paused since {formatDateTime(paused.since)}
            {paused.note !== null && `: ${paused.note}`}
          </span>
        </p>
      )}
      <dl class="figures">
        <Figure name="Waiting" value={formatAtLeast(tasks.waiting, areTasksAtLeast)} isStrong />
        <Figure name="Running" value={formatAtLeast(tasks.running, areTasksAtLeast)} isStrong />
        <Figure
          name="Oldest waits"
          value={tasks.oldestDueAgeMs === null ? "–" : formatDuration(tasks.oldestDueAgeMs)}
          isStrong
        />
        <Figure
          name="Delayed"
          value={formatAtLeast(tasks.delayed, areTasksAtLeast)}
          about="Due later, between two attempts"
        />
        <Figure
          name="Held"
          value={formatAtLeast(tasks.held, areTasksAtLeast)}
          about="Until an allocation or a budget resets"
        />
        <Figure
          name="Next stages"
          value={formatAtLeast(tasks.pending, areTasksAtLeast)}
          about="Tasks whose stage is not open yet"
        />
      </dl>
      <footer class="small">
        <span class="soft">
          {formatAtLeast(jobs.lastHour.completed, areJobsAtLeast)} completed
          {jobs.lastHour.failed > 0 && (
            <span class="bad">, {formatAtLeast(jobs.lastHour.failed, areJobsAtLeast)} failed</span>
          )}{" "}
          in the last hour
        </span>
        {openDeadLetters > 0 && (
          <Link href="/operate/dead-letters" class="bad">
            {formatAtLeast(openDeadLetters, atLeast.includes("openDeadLetters"))} dead letter
            {openDeadLetters === 1 ? "" : "s"}
          </Link>
        )}
      </footer>
    </li>
  );
}

function PauseButton({ kind, isPaused }: { kind: JobKind; isPaused: boolean }) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: async (note: string | undefined) => {
      const request = note === undefined ? {} : { note };
      return isPaused ? api().queues.resume(kind, request) : api().queues.pause(kind, request);
    },
    onSuccess: ({ paused }) => tell(`${kindName(kind)} is ${paused === null ? "running again" : "paused"}.`),
    onError: tellError,
    onSettled: async () => queries.invalidateQueries({ queryKey: LOAD_KEY }),
  });
  if (!isOperator() || !may("admin")) return null;
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={change.isPending}
        aria-label={`${isPaused ? "Resume" : "Pause"} ${kindName(kind)}`}
        onClick={() => setAsking(true)}
      >
        <Icon name={isPaused ? "play" : "pause"} />
        {isPaused ? "Resume" : "Pause"}
      </button>
      {isAsking && (
        <NoteDialog
          title={`${isPaused ? "Resume" : "Pause"} ${kindName(kind)}?`}
          hint={isPaused ? "The audit log shows it." : "Everybody with a waiting job sees it. Say why and until when."}
          act={isPaused ? "Resume" : "Pause"}
          onDone={(note) => change.mutate(note)}
          onClose={() => setAsking(false)}
        >
          {isPaused
            ? "Tasks of this kind start again, the oldest first."
            : "No more tasks of this kind start. Running tasks finish, and new jobs wait."}
        </NoteDialog>
      )}
    </>
  );
}
