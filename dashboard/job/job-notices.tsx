import { Link } from "wouter-preact";

import type { Job } from "../../client/index.ts";
import { formatCount, formatDateTime, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { now } from "../ui/time.tsx";
import { adviceFor } from "./advice.ts";

/** Why the job failed, and what a person can do. */
export function JobFailure({ job: { state, error } }: { job: Job }) {
  if (state !== "failed" || error === null) return null;
  return (
    <div class="notice job-notice" data-tone="bad" role="status">
      <Icon name="alert" />
      <div class="notice-text">
        <p>
          <strong>{error.message ?? "The job failed."}</strong>
        </p>
        <p>{adviceFor(error.code)}</p>
        <p class="small dim">
          <code>{error.code}</code>
        </p>
      </div>
    </div>
  );
}

/** Why no task of the job is running, and when that will change. */
export function JobWaiting({ job: { id, waiting, queue, state } }: { job: Job }) {
  if (waiting !== null) {
    const { until, code, message } = waiting;
    const leftMs = until === null ? null : Date.parse(until) - now.value;
    return (
      <div class="notice job-notice" data-tone="warn" role="status">
        <Icon name="pause" />
        <div class="notice-text">
          <strong>The job is waiting. </strong>
          {message ?? code}
          {until !== null && leftMs !== null && (
            <span class="soft" title={formatDateTime(until)}>
              {leftMs > 0 ? ` Darkroom tries again in ${formatDuration(leftMs)}.` : " Darkroom is about to try again."}
            </span>
          )}
        </div>
      </div>
    );
  }
  if (state !== "queued" || queue === null) return null;
  const { position, isAtLeast, startsAt } = queue;
  const startsInMs = startsAt === null ? null : Date.parse(startsAt) - now.value;
  return (
    <div class="notice job-notice" data-tone="busy" role="status">
      <Icon name="list" />
      <div class="notice-text">
        <strong>
          {position === 0
            ? "The job is next in the queue. "
            : `${isAtLeast ? "At least " : ""}${formatCount(position)} of your tasks run first. `}
        </strong>
        {startsInMs !== null && startsInMs > 0 && (
          <span>The job is expected to start in {formatDuration(startsInMs)}. </span>
        )}
        <Link href={`/jobs/${id}/details`}>Details</Link>
      </div>
    </div>
  );
}
