import { Link } from "wouter-preact";

import type { JobSummary } from "../../client/index.ts";
import { Progress, StateBadge } from "../ui/badge.tsx";
import { formatNeurons, formatPercent } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { kindIcon, kindName } from "../ui/kinds.ts";
import { Age } from "../ui/time.tsx";
import type { Selection } from "./selection.ts";

export function JobRows({ jobs, selection }: { jobs: readonly JobSummary[]; selection: Selection }) {
  const count = jobs.filter(({ id }) => selection.has(id)).length;
  return (
    <table class="jobs">
      <thead>
        <tr>
          <th scope="col">
            <div class="job-cell">
              <label class="pick">
                <input
                  type="checkbox"
                  aria-label="Select all jobs shown"
                  checked={count === jobs.length}
                  indeterminate={count > 0 && count < jobs.length}
                  onChange={selection.toggleShown}
                />
              </label>
              Job
            </div>
          </th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Neurons
          </th>
          <th scope="col" class="number">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} isChosen={selection.has(job.id)} onChoose={selection.toggle} />
        ))}
      </tbody>
    </table>
  );
}

function JobRow({
  job,
  isChosen,
  onChoose,
}: {
  job: JobSummary;
  isChosen: boolean;
  onChoose: (job: JobSummary) => void;
}) {
  const { id, kind, title, state, error, tags, createdAt } = job;
  return (
    <tr data-chosen={isChosen}>
      <td>
        <div class="job-cell">
          <label class="pick">
            <input
              type="checkbox"
              aria-label={`Select ${title === "" ? id : title.slice(0, 80)}`}
              checked={isChosen}
              onChange={() => onChoose(job)}
            />
          </label>
          <span class="job-icon">
            <Icon name={kindIcon(kind)} />
          </span>
          <div class="job-about">
            {/* The link covers its row. */}
            <Link href={`/jobs/${id}`} class="job-link one-line" data-job={id}>
              {title === "" ? id : title}
            </Link>
            <div class="job-sub small dim">
              {state === "failed" && error !== null ? (
                <span class="one-line job-error">{error.message ?? error.code}</span>
              ) : (
                <span>{kindName(kind)}</span>
              )}
              {tags.slice(0, 3).map((tag) => (
                <Link key={tag} href={`/?tag=${encodeURIComponent(tag)}`} class="chip job-tag one-line">
                  {tag}
                </Link>
              ))}
            </div>
          </div>
        </div>
      </td>
      <td class="job-state">
        <JobState job={job} />
      </td>
      <td class="number job-cost">
        <Cost job={job} />
      </td>
      <td class="number dim job-age">
        <Age at={createdAt} />
      </td>
    </tr>
  );
}

function JobState({ job: { state, figures } }: { job: JobSummary }) {
  const fraction = figures?.fraction ?? null;
  if (state !== "running" || fraction === null) return <StateBadge state={state} />;
  return (
    <>
      <StateBadge state="running" label={fraction > 0 ? `Running, ${formatPercent(fraction)}` : "Running"} />
      <Progress fraction={fraction > 0 ? fraction : null} label="Progress of the job" />
    </>
  );
}

function Cost({ job: { state, figures, reused } }: { job: JobSummary }) {
  if (reused !== null)
    return (
      <span class="dim" title="The result of an identical job was reused">
        reused
      </span>
    );
  if (figures === undefined) return null;
  const { neurons, estimatedNeurons } = figures;
  const isUnfinished = state === "queued" || state === "running";
  if (neurons === 0 && isUnfinished) {
    return estimatedNeurons === null ? (
      <span class="dim">–</span>
    ) : (
      <span class="dim" title="Estimated">
        ≈ {formatNeurons(estimatedNeurons)}
      </span>
    );
  }
  return <>{formatNeurons(neurons)}</>;
}
