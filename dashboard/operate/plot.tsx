import "uplot/dist/uPlot.min.css";

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";

import { theme } from "../shell/theme.ts";
import type { ChartProps } from "./chart.tsx";

interface Props extends ChartProps {
  readonly heightPx: number;
  /** The element that shows the figures under the pointer. */
  readonly readout: RefObject<HTMLElement>;
}

/** uPlot with the page's colours. A change of the theme, the width or the series draws the chart again. Other changes only set its data. */
export function Plot(props: Props) {
  const { series, points, label, heightPx, shape } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const isDark = useIsDark();
  const names = series.map(({ name, color }) => `${name} ${color}`).join();

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new UPlot(
      optionsOf(latest, { width: element.clientWidth, height: heightPx }),
      dataOf(latest.current),
      element,
    );
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: heightPx }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [isDark, names, shape, heightPx]);
  useEffect(() => chart.current?.setData(dataOf(latest.current)), [points]);
  return <div ref={place} class="plot" role="img" aria-label={label} />;
}

const SHORTEST_SPAN_SECONDS = 300;

/** The steps of an axis with whole numbers. */
const WHOLE_STEPS = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();

/** Stack the bars: each is drawn from zero to the sum of itself and the ones after it, the tallest first. */
function dataOf({ points, series, shape }: Props): UPlot.AlignedData {
  const columns = series.map((_, index) =>
    points.map(({ values }) =>
      shape === "lines" ? values[index] : values.slice(index).reduce<number>((sum, value) => sum + (value ?? 0), 0),
    ),
  );
  return [points.map(({ at }) => at / 1000), ...columns];
}

function optionsOf(latest: RefObject<Props>, size: { width: number; height: number }): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => resolved(style.getPropertyValue(name), name);
  // Use whole pixels: uPlot multiplies the digits before `px` by the pixel ratio of the screen, and would turn 11.5px into 11.10px.
  const axis = { stroke: color("--ink-dim"), font: `12px ${style.getPropertyValue("--font")}` };
  const grid = { stroke: color("--line"), width: 1 };
  const { series = [], shape = "bars", isWhole = false } = latest.current ?? {};
  const bars = UPlot.paths.bars?.({ size: [0.72, 28], radius: 0.15, align: 1 });
  return {
    ...size,
    // Half of the last time label is beyond the edge.
    padding: [10, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: shape === "lines" }, drag: { x: false, y: false } },
    scales: {
      // A bar is at its start time. A line chart shows at least five minutes.
      x: {
        range: (_, first, last) =>
          shape === "bars" ? [first, last + stepOf()] : [Math.min(first, last - SHORTEST_SPAN_SECONDS), last],
      },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: { show: false },
        size: 26,
        space: 76,
        values: (_, at) => at.map(timeOf),
      },
      {
        ...axis,
        grid,
        ticks: { show: false },
        size: 46,
        space: 40,
        values: (_, all) => all.map(valueOf),
        ...(isWhole && { incrs: WHOLE_STEPS }),
      },
    ],
    series: [
      {},
      ...series.map((one) => ({
        stroke: color(one.color),
        width: shape === "lines" ? 1.75 : 0,
        points: { show: false },
        ...(shape === "bars" && { fill: color(one.color), ...(bars && { paths: bars }) }),
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => write(idx ?? null)] },
  };

  function stepOf(): number {
    const [first, second] = latest.current?.points ?? [];
    return first === undefined || second === undefined ? 3600 : (second.at - first.at) / 1000;
  }
  function timeOf(seconds: number): string {
    return latest.current?.formatTime(seconds * 1000) ?? "";
  }
  function valueOf(value: number): string {
    return latest.current?.format(value) ?? "";
  }
  function write(index: number | null): void {
    const { current } = latest;
    const element = current?.readout.current;
    if (current === null || element === null || element === undefined) return;
    const point = index === null ? undefined : current.points[index];
    element.textContent =
      point === undefined
        ? ""
        : [
            current.formatTime(point.at),
            ...current.series.map(({ name }, at) => {
              const value = point.values[at];
              return `${name} ${value === null || value === undefined ? "–" : current.format(value)}`;
            }),
          ].join(" · ");
  }
}

/** Resolve a colour on an element, because a canvas does not support `light-dark()`. */
function resolved(value: string, name: string): string {
  if (!value.includes("light-dark")) return value;
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function useIsDark(): boolean {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [isSystemDark, setSystemDark] = useState(query.matches);
  useEffect(() => {
    const change = () => setSystemDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return theme.value === "system" ? isSystemDark : theme.value === "dark";
}
