import { formatCount } from "../ui/format.ts";
import { Chart } from "./chart.tsx";
import { backlog } from "./load.ts";
import { formatClockTime } from "./throughput-chart.tsx";

const SERIES = [
  { name: "Waiting", color: "--lamp" },
  { name: "Running", color: "--busy" },
] as const;

/** The number of waiting and running tasks since this page was opened. */
export function BacklogChart() {
  const { value } = backlog;
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
