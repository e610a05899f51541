import { expect, test } from "vitest";

import { type FeedJob, followJobs } from "../../local/job-feed.ts";

const job = (id: string, state: string): FeedJob => ({
  id,
  state,
  kind: "classification",
  createdAt: "2026-11-29T00:00:00.000Z",
  finishedAt: null,
  error: null,
});

test("a runtime that is stopped while the jobs are read first ends the feed, and throws nothing", async () => {
  const stopping = new AbortController();
  const lines: string[] = [];
  const readJobs = () => {
    stopping.abort();
    return Promise.reject(new TypeError("fetch failed"));
  };
  await followJobs(readJobs, (line) => lines.push(line), stopping.signal);
  expect(lines).toEqual([]);
});

test("jobs from before the start are not printed, even if the first read failed; new states are", async () => {
  const stopping = new AbortController();
  const lines: string[] = [];
  const answers = [null, [job("old", "completed")], [job("new", "running"), job("old", "completed")]];
  const readJobs = () => {
    const answer = answers.shift();
    if (answers.length === 0) stopping.abort();
    return answer == null ? Promise.reject(new TypeError("fetch failed")) : Promise.resolve(answer);
  };
  await followJobs(readJobs, (line) => lines.push(line), stopping.signal);
  expect(lines).toEqual([expect.stringMatching(/running +classification +new$/)]);
});
