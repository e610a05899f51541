import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { JobKind, KindLoad, Load } from "../../client/index.ts";
import { LIVE_MS } from "../api/queries.ts";
import { api, isOperator, may } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatBytes, formatAtLeast, formatCount, formatDateTime, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { kindIcon, kindName } from "../ui/kinds.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { BacklogChart, noteBacklog } from "./backlog-chart.tsx";
import { NoteDialog } from "./note-dialog.tsx";
import { ThroughputChart } from "./throughput-chart.tsx";

export const LOAD_KEY = ["queues"] as const;

export function useLoad() {
  return useQuery({
    queryKey: LOAD_KEY,
    queryFn: async ({ signal }) => {
      const load = await api().queues.get({ signal });
      noteBacklog(load);
      return load;
    },
    refetchInterval: LIVE_MS,
  });
}

/** The queues: waiting and running tasks, throughput and backlog. */
export function QueuesView() {
  const load = useLoad();
  if (load.data === undefined) {
    return load.error === null ? (
      <Skeleton rows={4} height={120} />
    ) : (
      <ErrorState error={load.error} retry={() => void load.refetch()} />
    );
  }
  const { kinds, queues, database, hold, scope, unreadableMessages } = load.data;
  return (
    <>
      {load.error !== null && <ErrorState error={load.error} retry={() => void load.refetch()} isInline />}
      {hold !== null && <HoldNotice hold={hold} />}
      {unreadableMessages > 0 && (
        <div class="notice" data-tone="warn">
          <Icon name="alert" />
          <div class="notice-text">
            {formatCount(unreadableMessages)} messages could not be read.{" "}
            <Link href="/operate/dead-letters">They are in the dead letters.</Link>
          </div>
        </div>
      )}
      <ul class="kinds">
        {kinds.map((kind) => (
          <KindCard key={kind.kind} load={kind} />
        ))}
      </ul>
      <div class="chart-pair">
        <ThroughputChart />
        <BacklogChart />
      </div>
      {queues !== null && <PlatformQueues queues={queues} />}
      {database !== null && <DatabaseMeter database={database} />}
      {scope === "own" && <p class="dim small section">These are your own jobs, the latest 5,000 of them.</p>}
    </>
  );
}

function HoldNotice({ hold }: { hold: NonNullable<Load["hold"]> }) {
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: async () => api().queues.liftHold(),
    onSuccess: () => tell("The hold is lifted. Tasks call models again."),
    onError: tellError,
    onSettled: async () => queries.invalidateQueries({ queryKey: LOAD_KEY }),
  });
  async function ask() {
    const text = "Tasks call models again at once. If the platform still refuses the account, the hold comes back.";
    if (await confirm({ title: "Lift the hold on the account?", text, act: "Lift the hold" })) lift.mutate();
  }
  return (
    <div class="notice" data-tone="warn" role="status">
      <Icon name="pause" />
      <div class="notice-text">
        <strong>The account is held until {formatDateTime(hold.until)}.</strong> The platform answered{" "}
        <code>{hold.code}</code>. No task that needs a model starts before then.
      </div>
      {isOperator() && may("admin") && (
        <button type="button" class="button" disabled={lift.isPending} onClick={() => void ask()}>
          Lift the hold
        </button>
      )}
    </div>
  );
}

function KindCard({ load }: { load: KindLoad }) {
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

export function Figure({
  name,
  value,
  about,
  isStrong = false,
}: {
  name: string;
  value: string;
  about?: string;
  isStrong?: boolean;
}) {
  return (
    <div class="figure" data-strong={isStrong} title={about}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
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

function DatabaseMeter({ database: { sizeBytes, limitBytes } }: { database: NonNullable<Load["database"]> }) {
  const percent = Math.round((100 * sizeBytes) / limitBytes);
  return (
    <section class="section">
      <h2>The database</h2>
      <p>
        {formatBytes(sizeBytes)} of {formatBytes(limitBytes)} ({percent} %). When it is full, no job is accepted.
      </p>
    </section>
  );
}

function PlatformQueues({ queues }: { queues: NonNullable<Load["queues"]> }) {
  return (
    <section class="section">
      <h2>The platform's queues</h2>
      <div class="card scroll-x" tabIndex={0} role="region" aria-label="The platform's queues">
        <table class="plain padded">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="number">
                Messages
              </th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ name, backlogMessages, backlogBytes, oldestMessageAgeMs, reason }) => (
              <tr key={name}>
                <td>
                  {name}
                  {reason !== null && <span class="dim small block">{reason}</span>}
                </td>
                <td class="number">{backlogMessages === null ? "–" : formatCount(backlogMessages)}</td>
                <td class="number">{backlogBytes === null ? "–" : formatBytes(backlogBytes)}</td>
                <td class="number">{oldestMessageAgeMs === null ? "–" : formatDuration(oldestMessageAgeMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
