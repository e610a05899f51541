import "./transcript.css";

import { useQuery } from "@tanstack/preact-query";

import type { Job } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { hasEnded, type LiveJob, type LiveSegment } from "../job/use-job.ts";
import { formatClock } from "../ui/format.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";

/** What was said, and when. It grows while the job runs. */
export function TranscriptView({ job, live }: { job: Job; live: LiveJob }) {
  const isOver = hasEnded(job);
  const transcript = useQuery({
    queryKey: ["transcript", job.id, isOver],
    queryFn: ({ signal }) => api().jobs.transcript(job.id, "json", {}, { signal }),
    enabled: isOver,
    staleTime: Infinity,
  });
  if (transcript.error !== null) return <ErrorState error={transcript.error} retry={() => void transcript.refetch()} />;
  const segments: readonly LiveSegment[] | undefined = isOver ? transcript.data?.segments : live.segments.value;
  if (segments === undefined) return <Skeleton rows={6} height={28} />;
  return (
    <ol class="transcript">
      {segments.map(({ startMs, text }) => (
        <li key={startMs}>
          <span class="small dim number">{formatClock(startMs)}</span>
          <p dir="auto">{text}</p>
        </li>
      ))}
    </ol>
  );
}
