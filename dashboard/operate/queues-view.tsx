import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { Link } from "wouter-preact";

import type { Load } from "../../client/index.ts";
import { api, isOperator, may } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatBytes, formatCount, formatDateTime, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { BacklogChart } from "./backlog-chart.tsx";
import { KindCard } from "./kind-card.tsx";
import { LOAD_KEY, useLoad } from "./load.ts";
import { ThroughputChart } from "./throughput-chart.tsx";

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
