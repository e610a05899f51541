import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { Usage } from "../../client/index.ts";
import { api, isOperator } from "../api/session.ts";
import { formatCount, formatModel, formatNeurons, formatUsd } from "../ui/format.ts";
import { kindName } from "../ui/kinds.ts";
import { Segments } from "../ui/segments.tsx";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Budgets } from "./budgets.tsx";
import { Chart, type ChartPoint } from "./chart.tsx";
import { Figure } from "./figure.tsx";

type Row = Usage["rows"][number];

const SPANS_DAYS = [7, 30, 90] as const;
const DAY_MS = 86_400_000;
const GROUPS = [
  ["kind", "Kind"],
  ["model", "Model"],
  ["owner", "Owner"],
] as const;
type Group = (typeof GROUPS)[number][0];
const COLORS = ["--lamp", "--busy", "--good", "--warn", "--bad"] as const;
const MOST_SERIES = COLORS.length;
const dayName = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });

/** The usage of each day, and the budgets. */
export function UsageView() {
  const [days, setDays] = useState<(typeof SPANS_DAYS)[number]>(30);
  const [group, setGroup] = useState<Group>("kind");
  const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const usage = useQuery({
    queryKey: ["usage", from, group],
    queryFn: ({ signal }) => api().usage({ from, by: ["day", group] }, { signal }),
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Budgets />
      <section class="section">
        <div class="section-head">
          <h2>Usage</h2>
          <Segments
            legend="Group by"
            name="usage-by"
            choices={GROUPS.filter(([one]) => one !== "owner" || isOperator())}
            chosen={group}
            onChoose={setGroup}
          />
          <Segments
            legend="Time span"
            name="usage-days"
            choices={SPANS_DAYS.map((one) => [one, `${one} days`])}
            chosen={days}
            onChoose={setDays}
          />
        </div>
        {usage.error !== null && (
          <ErrorState error={usage.error} retry={() => void usage.refetch()} isInline={usage.data !== undefined} />
        )}
        {usage.data === undefined ? (
          usage.error === null && <Skeleton rows={2} height={140} />
        ) : (
          <UsageFigures usage={usage.data} group={group} days={days} />
        )}
      </section>
    </>
  );
}

function UsageFigures({ usage, group, days }: { usage: Usage; group: Group; days: number }) {
  const { total, free, rows } = usage;
  const names = namesOf(rows, group);
  const points = pointsOf(rows, { group, names, to: usage.to, days });
  const sums = sumsOf(rows, group);
  return (
    <>
      <dl class="figures usage-figures">
        <Figure name={`Neurons in ${days} days`} value={formatNeurons(total.neurons)} isStrong />
        <Figure name="Model calls" value={formatCount(total.calls)} isStrong />
        <Figure
          name={total.billedMicroUsd === null ? "At the list price" : "Billed beyond the free neurons"}
          value={formatUsd(total.billedMicroUsd ?? total.microUsd)}
          isStrong
        />
        <Figure
          name="Free today"
          value={free.left === null ? `${formatNeurons(free.used)} used` : `${formatNeurons(free.left)} left`}
          isStrong
        />
      </dl>
      {rows.length === 0 ? (
        <EmptyState icon="gauge" title="No model was called">
          No model was called in the last {days} days.
        </EmptyState>
      ) : (
        <>
          <div class="card chart-card">
            <Chart
              shape="bars"
              series={names.map((name, index) => ({
                name: shownName(name, group),
                color: name === OTHERS ? "--ink-dim" : (COLORS[index] ?? "--ink-dim"),
              }))}
              points={points}
              heightPx={220}
              label={`Neurons per day by ${group} in the last ${days} days: ${formatNeurons(total.neurons)} in all`}
              format={formatNeurons}
              formatTime={(at) => dayName.format(at)}
            />
          </div>
          <div class="card scroll-x" tabIndex={0} role="region" aria-label={`Usage by ${group}`}>
            <table class="plain padded">
              <thead>
                <tr>
                  <th scope="col">{GROUPS.find(([one]) => one === group)?.[1]}</th>
                  <th scope="col" class="number">
                    Calls
                  </th>
                  <th scope="col" class="number">
                    Neurons
                  </th>
                  <th scope="col" class="number">
                    List price
                  </th>
                </tr>
              </thead>
              <tbody>
                {sums.map(({ name, calls, neurons, microUsd }) => (
                  <tr key={name}>
                    <td>{shownName(name, group)}</td>
                    <td class="number">{formatCount(calls)}</td>
                    <td class="number">{formatNeurons(neurons)}</td>
                    <td class="number">{formatUsd(microUsd)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}

const OTHERS = "\u0000others";

function nameOf(row: Row, group: Group): string {
  return row[group] ?? "";
}

function shownName(name: string, group: Group): string {
  if (name === OTHERS) return "All others";
  if (group === "model") return formatModel(name);
  if (group === "owner") return name;
  return name === "ask" ? "Questions" : name === "search" ? "Search" : kindName(name);
}

/** Return the names with the highest usage, and one name for all others. */
function namesOf(rows: readonly Row[], group: Group): readonly string[] {
  const names = sumsOf(rows, group).map(({ name }) => name);
  return names.length <= MOST_SERIES ? names : [...names.slice(0, MOST_SERIES - 1), OTHERS];
}

function sumsOf(rows: readonly Row[], group: Group) {
  const sums = [...Map.groupBy(rows, (row) => nameOf(row, group))].map(([name, own]) => ({
    name,
    calls: own.reduce((sum, row) => sum + row.calls, 0),
    neurons: own.reduce((sum, row) => sum + row.neurons, 0),
    microUsd: own.reduce((sum, row) => sum + row.microUsd, 0),
  }));
  return sums.toSorted((a, b) => b.neurons - a.neurons);
}

function pointsOf(
  rows: readonly Row[],
  { group, names, to, days }: { group: Group; names: readonly string[]; to: string; days: number },
): readonly ChartPoint[] {
  const byDay = Map.groupBy(rows, ({ day }) => day ?? "");
  const last = Date.parse(to);
  return Array.from({ length: days }, (_, index) => {
    const at = last - (days - 1 - index) * DAY_MS;
    const own = byDay.get(new Date(at).toISOString().slice(0, 10)) ?? [];
    const of = (name: string) =>
      own
        .filter((row) => (name === OTHERS ? !names.includes(nameOf(row, group)) : nameOf(row, group) === name))
        .reduce((sum, { neurons }) => sum + neurons, 0);
    return { at, values: names.map(of) };
  });
}
