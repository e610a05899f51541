import { useRef } from "preact/hooks";
import { lazy } from "../ui/lazy.tsx";

export interface ChartSeries {
  readonly name: string;
  /** A colour token of the page, such as `--good`. */
  readonly color: string;
}

export interface ChartPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  /** One value for each series; null if it is not known. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly shape: "bars" | "lines";
  readonly series: readonly ChartSeries[];
  readonly points: readonly ChartPoint[];
  /** A description of the chart for screen readers. */
  readonly label: string;
  readonly format: (value: number) => string;
  readonly formatTime: (at: number) => string;
  /** Whether values are counts. */
  readonly isWhole?: boolean;
  readonly heightPx?: number;
}

const Plot = lazy(async () => (await import("./plot.tsx")).Plot);

/** A chart with its legend. Bars are stacked. The library is loaded when the first chart is shown. */
export function Chart(props: ChartProps) {
  const readout = useRef<HTMLSpanElement>(null);
  const { series, heightPx = 180 } = props;
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <ul class="chart-legend">
          {series.map(({ name, color }) => (
            <li key={name}>
              <svg width="10" height="10" aria-hidden="true">
                <rect width="10" height="10" rx="2.5" style={{ fill: `var(${color})` }} />
              </svg>
              {name}
            </li>
          ))}
        </ul>
        <span ref={readout} class="chart-readout dim" />
      </figcaption>
      <div class="chart-plot" style={{ height: `${heightPx}px` }}>
        <Plot {...props} heightPx={heightPx} readout={readout} />
      </div>
    </figure>
  );
}
