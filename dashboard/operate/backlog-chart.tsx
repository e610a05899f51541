import { signal } from "@preact/signals";

import type { Load } from "../../client/index.ts";
import { formatCount } from "../ui/format.ts";
import { Chart, type ChartPoint } from "./chart.tsx";
import { formatClockTime } from "./throughput-chart.tsx";

/** The samples of half an hour, one every two seconds. */
const MOST_SAMPLES = 900;
const samples = signal<readonly ChartPoint[]>([]);
const SERIES = [
  { name: "Waiting", color: "--lamp" },
  { name: "Running", color: "--busy" },
] as const;

/** Record a sample of the queues. The API does not keep their history. */
export function noteBacklog({ kinds }: Load): void {
  const sum = (figure: "waiting" | "running") => kinds.reduce((total, { tasks }) => total + tasks[figure], 0);
  samples.value = [...samples.value.slice(-MOST_SAMPLES), { at: Date.now(), values: [sum("waiting"), sum("running")] }];
}

/** The number of waiting and running tasks since this page was opened. */
export function BacklogChart() {
  const { value } = samples;
  const [waiting = 0, running = 0] = value.at(-1)?.values ?? [];
  return (
    <section class="card chart-card">
      <header>
        <h2>Backlog</h2>
        <span class="dim small">since this page was opened</span>
      </header>
      <p class="dim small">
        {formatCount(waiting ?? 0)} tasks waiting, {formatCount(running ?? 0)} running.
      </p>
      <Chart
        shape="lines"
        series={SERIES}
        points={value}
        label={`Tasks since this page was opened: now ${formatCount(waiting ?? 0)} waiting and ${formatCount(running ?? 0)} running`}
        isWhole
        format={formatCount}
        formatTime={formatClockTime}
      />
    </section>
  );
}
