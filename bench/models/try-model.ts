import { setTimeout as sleep } from "node:timers/promises";

import type { AnswerUsage, Client, Job } from "../../client/index.ts";
import type { Candidate } from "./candidates.ts";
import type { Input } from "./inputs.ts";

/** The result of one model for a file. */
export interface Trial {
  readonly input: string;
  readonly state: string;
  /** Why it failed. */
  readonly error: string | null;
  /** What answered: the real model, or an offline engine. */
  readonly engines: readonly string[];
  /** The time of each call until its whole answer had arrived. */
  readonly callMs: readonly number[];
  readonly neurons: number;
  /** How a stream behaved, as the service measured it. */
  readonly stream?: Pick<AnswerUsage, "firstTextMs" | "tokensASecond">;
  /** The words or the labels; null if results cannot be compared. */
  readonly result: Result | null;
}

export type Result =
  | { readonly words: readonly string[] }
  | { readonly labels: readonly string[] }
  | { readonly written: string };

/** Allows for a long recording in many chunks, behind a queue. */
const MAX_WAIT_MS = 30 * 60_000;
const LOOK_EVERY_MS = 250;

/** Give a file to one model. An earlier result is never reused, because it would not show how long the call takes. */
export async function tryModel(client: Client, input: Input, { options }: Candidate): Promise<Trial> {
  const kind = input.work.kind;
  const put = await client.uploads.put(input.bytes, { name: input.name, kind, options, reuse: false });
  const job = await untilEnded(client, put);
  const calls = job.attempts.flatMap((attempt) => attempt.calls);
  return {
    input: input.name,
    state: job.state,
    error: job.error === null ? null : `${job.error.code}: ${job.error.message}`,
    engines: [...new Set(calls.flatMap(({ engine }) => engine ?? []))],
    callMs: calls.flatMap(({ durationMs }) => durationMs ?? []),
    neurons: calls.reduce((sum, { neurons }) => sum + neurons, 0),
    result: job.state === "completed" ? await readResult(client, job) : null,
  };
}

async function untilEnded(client: Client, put: Job): Promise<Job> {
  const end = Date.now() + MAX_WAIT_MS;
  for (let job = put; ; job = await client.jobs.get(put.id)) {
    if (job.finishedAt !== null) return job;
    if (Date.now() > end) throw new Error(`job '${job.id}' has not ended after ${MAX_WAIT_MS / 60_000} minutes`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function readResult(client: Client, job: Job): Promise<Result | null> {
  if (job.kind === "transcription") {
    const { text } = await client.jobs.transcript(job.id);
    return { words: text.split(/\s+/).filter((word) => word !== "") };
  }
  return job.kind === "classification" ? { labels: job.labels.map(({ label }) => label) } : null;
}
