import { useQuery } from "@tanstack/preact-query";

import type { Job } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { Description } from "../pictures/description.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { ArtifactList } from "./artifact-list.tsx";

/** The text or the JSON that a job has written, with what to know about it. */
export function TextResult({ job }: { job: Job }) {
  const { id, artifacts, notices } = job;
  const name = artifacts.find((artifact) => artifact.name === "text.txt" || artifact.name === "output.json")?.name;
  const text = useQuery({
    queryKey: ["artifact-text", id, name],
    queryFn: async ({ signal }) => new Response((await api().jobs.download(id, name ?? "", { signal })).stream).text(),
    enabled: name !== undefined,
    staleTime: Infinity,
  });
  return (
    <div class="job-text">
      {notices.map((notice) => (
        <div key={notice} class="notice" data-tone="warn" role="status">
          <div class="notice-text">{notice}</div>
        </div>
      ))}
      {text.error !== null && <ErrorState error={text.error} retry={() => void text.refetch()} isInline />}
      {text.isLoading && <Skeleton rows={1} height={120} />}
      {text.data !== undefined && (
        <div class="card" tabIndex={0} role="region" aria-label="The text">
          {name === "output.json" ? <pre>{text.data}</pre> : <p dir="auto">{text.data.trim()}</p>}
        </div>
      )}
      <Description job={job} />
      <ArtifactList job={job} />
    </div>
  );
}
