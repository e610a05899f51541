/** The fields of the API's answers that the terminal shows. */
export interface FeedJob {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Write a job in one line: state, kind, id, duration, and the error if it failed. */
export function jobLine(job: FeedJob): string {
  const mark = { completed: "✓", failed: "✗", cancelled: "–" }[job.state] ?? "…";
  const tookMs = job.finishedAt === null ? null : Date.parse(job.finishedAt) - Date.parse(job.createdAt);
  const took = tookMs === null ? "" : ` ${(tookMs / 1000).toFixed(1)} s`;
  const why = job.error === null ? "" : `  ${job.error.code}: ${job.error.message}`;
  return `${mark} ${job.state.padEnd(9)} ${job.kind.padEnd(16)} ${job.id}${took}${why}`;
}

/** Print a line whenever one of the latest jobs changes its state. Ends when `signal` does. */
export async function followJobs(
  readJobs: () => Promise<readonly FeedJob[]>,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map<string, string>();
  let isFirst = true;
  while (!signal.aborted) {
    // A runtime that stops or restarts does not answer.
    const jobs = await readJobs().catch(() => null);
    for (const job of jobs?.toReversed() ?? []) {
      if (seen.get(job.id) === job.state) continue;
      seen.set(job.id, job.state);
      // Jobs from before the start are not printed.
      if (!isFirst) print(jobLine(job));
    }
    if (jobs !== null) isFirst = false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
