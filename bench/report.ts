/** One measured figure. `peer` and `ratio` (value divided by peer) are present if there is something to compare with. */
export interface Figure {
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: number;
  readonly ratio?: number;
  /** The target that the issue sets for `value` or `ratio`. A missed target is a finding, not an error. */
  readonly target?: string;
  readonly [extra: string]: unknown;
}

// wrangler and its simulators print to standard output, which is for the figures alone.
const writeOut = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

export function print(figure: Figure): void {
  writeOut(`${JSON.stringify(figure)}\n`);
}

/** A finding in words, before the figure that sums it up. */
export function say(text: string): void {
  writeOut(`${text}\n`);
}

/** Print progress for people. */
export function note(message: string): void {
  process.stderr.write(`${message}\n`);
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** The smallest value that at least this share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  return (sorted[Math.floor(last / 2)]! + sorted[Math.ceil(last / 2)]!) / 2;
}
