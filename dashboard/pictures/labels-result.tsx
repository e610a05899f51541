import "./pictures.css";

import { useQuery } from "@tanstack/preact-query";
import { useEffect, useMemo } from "preact/hooks";

import type { Job } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { formatPercent } from "../ui/format.ts";
import { useArtifactUrl } from "./blob-url.ts";
import { Description } from "./description.tsx";

/** The labels of a picture or a text, best first, next to the picture or the text. */
export function LabelsResult({ job }: { job: Job }) {
  const { labels, input, artifacts } = job;
  const converted = artifacts.find(({ name }) => name.startsWith("picture."))?.name;
  return (
    <div class="labelled">
      {converted !== undefined && <ConvertedPicture job={job} name={converted} />}
      {"source" in input && converted === undefined && <SourcePicture job={job} />}
      {"text" in input && typeof input.text === "string" && (
        <div class="card labelled-text" tabIndex={0} role="region" aria-label="The text">
          <blockquote dir="auto">{input.text}</blockquote>
        </div>
      )}
      <div class="labelled-about">
        {labels.length === 0 ? (
          <p class="dim">The model is not sure of any label.</p>
        ) : (
          <dl class="bars">
            {labels.map(({ label, score }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{formatPercent(score)}</dd>
                <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={score * 100} height="1" />
                </svg>
              </div>
            ))}
          </dl>
        )}
        <Description job={job} />
      </div>
    </div>
  );
}

/** A picture in a format that browsers do not show, as it was converted for the models. */
function ConvertedPicture({ job: { id, title }, name }: { job: Job; name: string }) {
  const { url } = useArtifactUrl(id, name);
  return url === null ? null : <img class="picture" src={url} alt={title} />;
}

function SourcePicture({ job: { id, title } }: { job: Job }) {
  const source = useQuery({
    queryKey: ["source", id],
    queryFn: async ({ signal }) => {
      const { stream, contentType } = await api().jobs.source(id, { signal });
      if (contentType.startsWith("image/")) {
        return new Response(stream, { headers: { "content-type": contentType } }).blob();
      }
      await stream.cancel();
      return null;
    },
    staleTime: Infinity,
  });
  const { data = null } = source;
  const url = useMemo(() => (data === null ? null : URL.createObjectURL(data)), [data]);
  useEffect(() => () => (url === null ? undefined : URL.revokeObjectURL(url)), [url]);
  return url === null ? null : <img class="picture" src={url} alt={title} />;
}
