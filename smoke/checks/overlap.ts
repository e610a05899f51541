import { type Check, described, Failure, pass } from "../check.ts";
import { callsOf, seconds } from "../job-figures.ts";

/** The most messages that one delivery of the queue holds. */
const JOBS = 10;
const works = Array.from({ length: JOBS }, (_, index) =>
  described(({ text }) => ({ kind: "classification", text: `${text} For the ${index + 1}. time.`, options: {} })),
);
/** The platform documents that this many calls of an invocation may wait for headers, but not whether calls to models count. */
const CONNECTIONS = 6;

/** Measures how many calls of jobs that were submitted together run at once. */
export const overlap: Check = {
  name: "overlap",
  work: works,
  async run(smoke) {
    const { client, media, isLocal } = smoke;
    const requests = works.map((work) => ({ ...work.request(media), ...smoke.termsOf(work) }));
    const results = await client.jobs.submitBatch(requests);
    const ids = results.flatMap(({ job }) => (job === undefined ? [] : [job.id]));
    const jobs = await Promise.all(ids.map((id) => smoke.end(id)));
    const calls = jobs.flatMap((job) => callsOf(job));
    const spans = calls.flatMap(({ startedAt, durationMs }) => {
      const from = Date.parse(startedAt ?? "");
      return durationMs === null || Number.isNaN(from) ? [] : [{ from, to: from + durationMs }];
    });
    const completed = jobs.filter(({ state }) => state === "completed").length;
    if (completed < JOBS || spans.length < JOBS) {
      const means = `${completed} of ${JOBS} jobs that were submitted together completed, and ${spans.length} calls have times.`;
      throw new Failure(means, "See docs/operations.md, The backlog grows.");
    }
    const most = Math.max(
      ...spans.map(({ from }) => spans.filter((other) => other.from <= from && from < other.to).length),
    );
    const durations = spans.map(({ from, to }) => to - from).toSorted((a, b) => a - b);
    const times = `${seconds(durations[0] ?? 0)} to ${seconds(durations.at(-1) ?? 0)} each`;
    if (most < 2) {
      const todo =
        "Raise max_batch_size of media-tasks in wrangler.jsonc, because many jobs would take too long like this.";
      throw new Failure(`The calls of ${JOBS} jobs ran one after the other, ${times}.`, todo);
    }
    return pass(`${most} of ${JOBS} calls ran at once, ${times}. ${isLocal ? OFFLINE : meaningOf(most)}`);
  },
};

const OFFLINE = "Offline this says nothing about the platform's connections.";

function meaningOf(most: number): string {
  return most > CONNECTIONS
    ? `If one batch held them all, calls to models do not count towards the platform's ${CONNECTIONS} connections.`
    : `This does not show whether calls to models count towards the platform's ${CONNECTIONS} connections, because no more than that ran at once.`;
}
