import { useQuery } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import type { Job, JobSummary } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { StateBadge } from "../ui/badge.tsx";
import { Icon } from "../ui/icon.tsx";
import { Age } from "../ui/time.tsx";
import { useArtifactUrl } from "./blob-url.ts";
import { factsOf, settingsOf } from "./picture-facts.ts";
import { reusePrompt } from "./reuse-prompt.ts";

/** A picture in the gallery. It is loaded when it comes near the visible part of the page. */
export function PictureTile({
  summary,
  isChosen,
  onChoose,
}: {
  summary: JobSummary;
  isChosen: boolean;
  onChoose: (job: Job) => void;
}) {
  const tile = useRef<HTMLLIElement>(null);
  const isNear = useIsNear(tile);
  const [, navigate] = useLocation();
  const { id, state, title, createdAt } = summary;
  const job = useQuery({
    queryKey: ["picture", id, state],
    queryFn: ({ signal }) => api().jobs.get(id, { signal }),
    enabled: isNear,
    staleTime: 60_000,
  });
  const { data } = job;
  const facts = data === undefined ? undefined : factsOf(data);
  const artifact = data?.artifacts.find(({ contentType }) => contentType.startsWith("image/"))?.name;
  const { url } = useArtifactUrl(id, artifact);
  const prompt = facts?.prompt ?? title;
  return (
    <li class="tile card" ref={tile} data-chosen={isChosen}>
      <div class="tile-picture">
        {url === null ? (
          state === "completed" ? (
            <span class="tile-waits" aria-hidden="true" />
          ) : (
            <StateBadge state={state} />
          )
        ) : (
          <img src={url} alt="" loading="lazy" />
        )}
      </div>
      <div class="tile-about">
        <Link href={`/jobs/${id}`} class="job-link tile-prompt">
          {prompt}
        </Link>
        <p class="small dim tile-facts">
          {facts === undefined ? (
            <span>…</span>
          ) : (
            [facts.model, ...settingsOf(facts), state === "completed" ? facts.neurons : ""]
              .filter((fact) => fact !== "")
              .map((fact) => <span key={fact}>{fact}</span>)
          )}
          <span>
            <Age at={createdAt} />
          </span>
        </p>
        {data !== undefined && (
          <div class="tile-actions">
            {may("jobs:write") && (
              <button
                type="button"
                class="button"
                aria-label={`Reuse the prompt “${prompt}”`}
                onClick={() => {
                  reusePrompt(data);
                  navigate("/new?from=prompt");
                }}
              >
                <Icon name="redo" />
                Reuse
              </button>
            )}
            {url !== null && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={isChosen}
                  aria-label={`Compare “${prompt}”`}
                  onChange={() => onChoose(data)}
                />
                <span>Compare</span>
              </label>
            )}
          </div>
        )}
      </div>
    </li>
  );
}

function useIsNear(ref: { readonly current: Element | null }): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const { current } = ref;
    if (current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        setNear(true);
        observer.disconnect();
      },
      { rootMargin: "400px" },
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return isNear;
}
