import type { Job } from "../../client/index.ts";
import { formatDateTime, formatDuration, formatModel, formatNeurons } from "../ui/format.ts";
import { now } from "../ui/time.tsx";
import { hasEnded } from "./use-job.ts";

type Attempt = Job["attempts"][number];

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: "Completed",
  retry: "Failed, retried",
  snooze: "Postponed, not counted",
  discard: "Given up",
  lost: "The Worker died",
  cancelled: "Cancelled",
};

/** The waiting time and every attempt on one time scale, in the order of their start. */
export function Timeline({ job }: { job: Job }) {
  const { createdAt, startedAt, finishedAt, attempts } = job;
  const from = Date.parse(createdAt);
  const ends = attempts.map((attempt) => Date.parse(attempt.startedAt) + attempt.durationMs);
  const to = Math.max(from + 1, ...ends, finishedAt === null ? now.value : Date.parse(finishedAt));
  const place = (start: number, end: number) => ({
    left: `${(100 * (start - from)) / (to - from)}%`,
    width: `${Math.max(0.4, (100 * (end - start)) / (to - from))}%`,
  });
  const waitedTo =
    startedAt === null ? (finishedAt === null ? now.value : Date.parse(finishedAt)) : Date.parse(startedAt);
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Attempts">
      <table class="plain timeline">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">
              <span class="visually-hidden">When</span>
              <span class="timeline-scale" aria-hidden="true">
                <span>0</span>
                <span>{formatDuration(to - from)}</span>
              </span>
            </th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col">Model and engine</th>
            <th scope="col" class="number">
              Neurons
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>Queued</td>
            <td>
              <Bar tone="wait" place={place(from, waitedTo)} />
            </td>
            <td class="number">{formatDuration(waitedTo - from)}</td>
            <td class="dim">{job.queue === null ? "" : "waiting for its turn"}</td>
            <td />
          </tr>
          {attempts.map((attempt) => (
            <AttemptRow key={`${attempt.taskId} ${attempt.number}`} attempt={attempt} jobId={job.id} place={place} />
          ))}
          {!hasEnded(job) && job.state === "running" && (
            <tr>
              <td>Running</td>
              <td>
                <Bar tone="busy" place={place(Math.max(...ends, waitedTo), to)} />
              </td>
              <td class="number" />
              <td class="dim">in progress</td>
              <td />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function AttemptRow({
  attempt,
  jobId,
  place,
}: {
  attempt: Attempt;
  jobId: string;
  place: (start: number, end: number) => { left: string; width: string };
}) {
  const { taskId, number, outcome, startedAt, durationMs, model, engine, neurons, error, calls } = attempt;
  const start = Date.parse(startedAt);
  const tone = outcome === "completed" ? "good" : outcome === "snooze" || outcome === "cancelled" ? "wait" : "bad";
  const reused = calls.filter((call) => call.recalledFrom !== undefined).length;
  return (
    <tr>
      <td>
        {stepName(taskId, jobId)}
        {number > 1 && <span class="dim">, attempt {number}</span>}
        {outcome !== "completed" && (
          <span class="small block" data-tone={tone}>
            {OUTCOMES[outcome] ?? outcome}
            {error !== null && `: ${error.message ?? error.code}`}
          </span>
        )}
      </td>
      <td>
        <Bar
          tone={tone}
          place={place(start, start + durationMs)}
          title={`${formatDateTime(startedAt)}, ${OUTCOMES[outcome] ?? outcome}`}
        />
      </td>
      <td class="number">{formatDuration(durationMs)}</td>
      <td>
        {model === null ? <span class="dim">no model</span> : <span title={model}>{formatModel(model)}</span>}
        {engine !== null && <span class="small dim block">{engine}</span>}
        {reused > 0 && <span class="small dim block">a stored answer was reused</span>}
      </td>
      <td class="number">{neurons === null ? "" : formatNeurons(neurons)}</td>
    </tr>
  );
}

function Bar({
  tone,
  place,
  title,
}: {
  tone: "good" | "bad" | "wait" | "busy";
  place: { left: string; width: string };
  title?: string;
}) {
  return (
    <span class="timeline-lane" title={title}>
      <span class="timeline-bar" data-tone={tone} style={place} />
    </span>
  );
}

/** `job_x.chunk.0003` is chunk 4 of the job. */
function stepName(taskId: string, jobId: string): string {
  const [name = "task", index] = taskId.slice(taskId.startsWith(jobId) ? jobId.length + 1 : 0).split(/[.:]/);
  const label = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  return index !== undefined && /^\d+$/.test(index) ? `${label} ${Number(index) + 1}` : label;
}
