import "./pictures.css";

import { useLocation } from "wouter-preact";

import type { Job } from "../../client/index.ts";
import { may } from "../api/session.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { useArtifactUrl } from "./blob-url.ts";
import { Description } from "./description.tsx";
import { factsOf } from "./picture-facts.ts";
import { reusePrompt } from "./reuse-prompt.ts";

/** The picture that a job has generated. */
export function PictureResult({ job }: { job: Job }) {
  const [, navigate] = useLocation();
  const { url, error, retry } = useArtifactUrl(
    job.id,
    job.artifacts.find(({ contentType }) => contentType.startsWith("image/"))?.name,
  );
  if (error !== null) return <ErrorState error={error} retry={retry} />;
  if (url === null) return <Skeleton rows={1} height={420} />;
  return (
    <div class="drawn">
      <img class="picture" src={url} alt={factsOf(job).prompt} />
      <Description job={job} />
      {may("jobs:write") && (
        <button
          type="button"
          class="button"
          onClick={() => {
            reusePrompt(job);
            navigate("/new?from=prompt");
          }}
        >
          <Icon name="redo" />
          Reuse the prompt
        </button>
      )}
    </div>
  );
}
