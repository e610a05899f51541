import "./job.css";

import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";

import type { Job } from "../../client/index.ts";
import { isMissing } from "../api/queries.ts";
import { Progress, StateBadge } from "../ui/badge.tsx";
import { formatPercent } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { kindName } from "../ui/kinds.ts";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Ago } from "../ui/time.tsx";
import { JobActions } from "./job-actions.tsx";
import { JobDetails } from "./job-details.tsx";
import { JobFailure, JobWaiting } from "./job-notices.tsx";
import { JobResult } from "./job-result.tsx";
import { hasEnded, useJob } from "./use-job.ts";

/** One job. `part` is the second piece of its address: `details`, or nothing for the result. */
export function JobPage({ id, part }: { id: string; part: string | undefined }) {
  const { job: query, live } = useJob(id);
  const { data: job, error } = query;
  useEffect(() => {
    document.title = `${job?.title ?? "Job"} · Darkroom`;
  }, [job?.title]);

  if (isMissing(error)) return <Gone hasBeenSeen={job !== undefined} />;
  if (job === undefined) {
    return error === null ? (
      <Skeleton rows={5} height={72} />
    ) : (
      <ErrorState error={error} retry={() => void query.refetch()} />
    );
  }
  const hasResult = hasSomethingToShow(job);
  const isDetails = part === "details" || !hasResult;
  return (
    <>
      <JobHead job={job} />
      {error !== null && <ErrorState error={error} retry={() => void query.refetch()} isInline />}
      <JobFailure job={job} />
      <JobWaiting job={job} />
      <nav class="tabs" aria-label="Parts of the job">
        {hasResult && (
          <Link href={`/jobs/${id}${location.search}`} aria-current={isDetails ? undefined : "page"}>
            {job.kind === "transcription" ? "Transcript" : "Result"}
          </Link>
        )}
        <Link href={`/jobs/${id}/details`} aria-current={isDetails ? "page" : undefined}>
          Details
        </Link>
      </nav>
      <div class="job-part">{isDetails ? <JobDetails job={job} /> : <JobResult job={job} live={live} />}</div>
    </>
  );
}

/**
 * Whether the page begins with the result. A job that failed without a result begins with its details. A recording shows its words
 * while it is transcribed, and the part that was transcribed if it fails.
 */
function hasSomethingToShow({ state, kind, progress }: Job): boolean {
  if (state === "completed") return true;
  return kind === "transcription" && (state === "running" || (progress.audioMsDone ?? 0) > 0);
}

function JobHead({ job }: { job: Job }) {
  const { id, title, kind, state, createdAt, tags, progress, choice } = job;
  return (
    <header class="job-head">
      <Link href="/" class="back small">
        <Icon name="arrowLeft" size={14} />
        Jobs
      </Link>
      <div class="job-head-row">
        <h1>
          <bdi>{title === "" ? id : title}</bdi>
        </h1>
        <JobActions job={job} />
      </div>
      <div class="job-facts">
        <StateBadge
          state={state}
          label={
            state === "running" && progress.fraction > 0 ? `Running, ${formatPercent(progress.fraction)}` : undefined
          }
        />
        <span>{kindName(kind)}</span>
        {choice !== null && <span title={choice.model}>{choice.tier}</span>}
        <span>
          <Ago at={createdAt} />
        </span>
        {tags.map((tag) => (
          <Link key={tag} href={`/?tag=${encodeURIComponent(tag)}`} class="chip">
            {tag}
          </Link>
        ))}
      </div>
      {!hasEnded(job) && state === "running" && (
        <Progress fraction={progress.fraction > 0 ? progress.fraction : null} label="Progress of the job" />
      )}
    </header>
  );
}

function Gone({ hasBeenSeen }: { hasBeenSeen: boolean }) {
  return (
    <EmptyState
      icon="trash"
      isPage
      title={hasBeenSeen ? "This job has been deleted" : "There is no such job"}
      actions={
        <Link href="/" class="button">
          All jobs
        </Link>
      }
    >
      {hasBeenSeen
        ? "Somebody deleted it while this page was open, or its retention time has ended."
        : "It may have been deleted, its retention time may have ended, or it belongs to another owner."}
    </EmptyState>
  );
}
