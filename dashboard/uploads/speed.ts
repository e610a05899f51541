const WINDOW_MS = 5000;

/** @returns a function that takes the bytes sent so far and returns the bytes per second of the last seconds; null until it is known. */
export function createSpeed(): (sentBytes: number, atMs: number) => number | null {
  const seen: { readonly atMs: number; readonly sentBytes: number }[] = [];
  return (sentBytes, atMs) => {
    seen.push({ atMs, sentBytes });
    while (seen.length > 2 && atMs - (seen[0]?.atMs ?? atMs) > WINDOW_MS) seen.shift();
    const first = seen[0];
    if (first === undefined || atMs - first.atMs < 300) return null;
    return Math.max(0, ((sentBytes - first.sentBytes) * 1000) / (atMs - first.atMs));
  };
}
