import { errorOf, ownError } from "./error.ts";
import type { CallOptions, Http } from "./http.ts";
import { pause } from "./pause.ts";
import type { Job } from "./types.ts";

export interface WaitOptions extends CallOptions {
  /** Give up after this time; by default never. */
  readonly timeoutMs?: number;
  readonly onChange?: (job: Job) => void;
}

/** The longest time that one request is held open. Proxies cut longer ones. */
const HELD_SECONDS = 20;
const FIRST_INTERVAL_MS = 200;
const LONGEST_INTERVAL_MS = 3000;

/**
 * Wait until a job has ended. The server holds each request open if it supports that; otherwise the client polls with the
 * ETag, at growing intervals while nothing changes.
 * @throws DarkroomError `wait_timeout` when the time is over; the job continues.
 */
export async function waitForJob(http: Http, path: string, options: WaitOptions = {}): Promise<Job> {
  const { timeoutMs = Number.POSITIVE_INFINITY, onChange, signal } = options;
  const end = Date.now() + timeoutMs;
  let etag: string | null = null;
  let seen: string | null = null;
  let intervalMs = FIRST_INTERVAL_MS;
  for (;;) {
    // A held request reports only the end, so a caller that watches each change polls instead.
    const heldSeconds = Math.floor(Math.min(HELD_SECONDS, (end - Date.now()) / 1000));
    const headers = {
      ...(etag !== null && { "if-none-match": etag }),
      ...(onChange === undefined && heldSeconds > 0 && { prefer: `wait=${heldSeconds}` }),
    };
    const response = await http.send("GET", path, { signal, headers });
    if (response.status === 304) await response.body?.cancel();
    else {
      if (!response.ok) throw await errorOf(response);
      etag = response.headers.get("etag");
      const text = await response.text();
      const job = JSON.parse(text) as Job;
      if (text !== seen) {
        seen = text;
        intervalMs = FIRST_INTERVAL_MS;
        onChange?.(job);
      }
      if (hasEnded(job)) return job;
    }
    const leftMs = end - Date.now();
    if (leftMs <= 0)
      throw ownError(
        "wait_timeout",
        "The job has not ended",
        `It has not ended after ${timeoutMs} ms. Wait again, or follow it with jobs.events.`,
      );
    const wasHeld = response.headers.has("preference-applied");
    if (!wasHeld) await pause(Math.min(intervalMs, leftMs), signal);
    intervalMs = Math.min(intervalMs * 1.5, LONGEST_INTERVAL_MS);
  }
}

export function hasEnded({ state }: Pick<Job, "state">): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}
