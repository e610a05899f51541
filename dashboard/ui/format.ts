// Formats figures. The language of the browser decides digits and dates. Units are the same in every language.
import type { JobState } from "../../client/index.ts";

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shortDate = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `100+` where there are more than were counted. */
export function formatAtLeast(count: number, isAtLeast: boolean): string {
  return `${formatCount(count)}${isAtLeast ? "+" : ""}`;
}

/** `1.5 MB`, in powers of a thousand. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"] as const;
  let value = bytes;
  let unit: string = "B";
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${(value < 10 ? tenths : whole).format(value)} ${unit}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export function formatDuration(ms: number): string {
  if (ms < 950) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${tenths.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** A place in a recording: `3:07`, `1:02:45`. */
export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Format a number of neurons. Smaller numbers have more decimals. */
export function formatNeurons(neurons: number): string {
  if (neurons === 0) return "0";
  if (neurons < 0.01) return "< 0.01";
  return (neurons < 10 ? hundredths : neurons < 1000 ? tenths : whole).format(neurons);
}

export function formatUsd(microUsd: number): string {
  if (microUsd === 0) return "$0";
  const usd = microUsd / 1e6;
  if (usd < 0.0001) return "< $0.0001";
  return `$${usd.toFixed(usd < 0.01 ? 4 : usd < 1 ? 3 : 2)}`;
}

export function formatPercent(fraction: number): string {
  return `${whole.format(Math.floor(fraction * 100))} %`;
}

export function formatDateTime(at: string | number): string {
  return dateTime.format(new Date(at));
}

/** `now`, `20 s`, `5 min`, `3 h`, `2 d`; a date after a week. */
export function formatAge(at: string | number, now: number): string {
  const ms = now - new Date(at).getTime();
  if (ms < 5000) return "now";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return shortDate.format(new Date(at));
}

/** Format an age for use in a sentence: `just now`, `20 s ago`; a date after a week. */
export function formatAgo(at: string | number, now: number): string {
  const ms = now - new Date(at).getTime();
  if (ms < 5000) return "just now";
  return ms < 7 * 86_400_000 ? `${formatAge(at, now)} ago` : formatAge(at, now);
}

export const STATE_NAMES: Readonly<Record<JobState, string>> = {
  queued: "Queued",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** Return a model's name without its owner: `whisper` for `@cf/openai/whisper`. */
export function formatModel(model: string): string {
  return model.split("/").at(-1) ?? model;
}
