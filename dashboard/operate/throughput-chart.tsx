import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { Throughput } from "../../client/index.ts";
import { IDLE_MS } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { formatCount } from "../ui/format.ts";
import { Segments } from "../ui/segments.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Chart, type ChartPoint } from "./chart.tsx";

const SPANS_HOURS = [1, 6, 24] as const;
const SERIES = [
  { name: "Failed", color: "--bad" },
  { name: "Completed", color: "--good" },
] as const;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function formatClockTime(at: number): string {
  return clock.format(at);
}

/** The number of jobs of all kinds that ended. */
export function ThroughputChart() {
  const [hours, setHours] = useState<(typeof SPANS_HOURS)[number]>(1);
  const read = useQuery({
    queryKey: ["throughput", hours],
    queryFn: ({ signal }) => api().queues.throughput({ hours }, { signal }),
    refetchInterval: IDLE_MS,
    placeholderData: keepPreviousData,
  });
  const points = read.data === undefined ? [] : pointsOf(read.data);
  const [failed = 0, completed = 0] = SERIES.map((_, at) =>
    points.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
  );
  const period = hours === 1 ? "hour" : `${hours} hours`;
  return (
    <section class="card chart-card">
      <header>
        <h2>Throughput</h2>
        <Segments
          legend="Time span"
          name="throughput"
          choices={SPANS_HOURS.map((one) => [one, `${one} h`])}
          chosen={hours}
          onChoose={setHours}
        />
      </header>
      {read.error !== null && <ErrorState error={read.error} retry={() => void read.refetch()} isInline />}
      {read.data === undefined ? (
        read.error === null && <Skeleton rows={1} height={200} />
      ) : (
        <>
          <p class="dim small">
            {completed + failed === 0
              ? `No job ended in the last ${period}.`
              : `${formatCount(completed)} completed, ${formatCount(failed)} failed, in steps of ${read.data.stepSeconds / 60} min.`}
          </p>
          <Chart
            shape="bars"
            series={SERIES}
            points={points}
            label={`Jobs that ended in the last ${period}: ${formatCount(completed)} completed, ${formatCount(failed)} failed`}
            isWhole
            format={formatCount}
            formatTime={formatClockTime}
          />
        </>
      )}
    </section>
  );
}

/** Return every step of the time span, including steps in which no job ended. */
function pointsOf({ from, to, stepSeconds, points }: Throughput): readonly ChartPoint[] {
  const stepMs = stepSeconds * 1000;
  const first = Math.floor(Date.parse(from) / stepMs + 1) * stepMs;
  const byStep = Map.groupBy(points, ({ at }) => Date.parse(at));
  const count = Math.max(1, Math.floor((Date.parse(to) - first) / stepMs) + 1);
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * stepMs;
    const found = byStep.get(at) ?? [];
    return {
      at,
      values: [
        found.reduce((sum, { failed }) => sum + failed, 0),
        found.reduce((sum, { completed }) => sum + completed, 0),
      ],
    };
  });
}
