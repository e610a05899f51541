import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";

import type { JobKind, SearchHit } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { formatClock } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { kindIcon } from "../ui/kinds.ts";
import { markedWords } from "./marked-words.ts";
import { PLAYS } from "../ui/plays.ts";

const SOURCE_NAMES: Readonly<Record<SearchHit["source"], string>> = {
  transcript: "Spoken",
  prompt: "Prompt",
  text: "Text",
  labels: "Labels",
  caption: "Description",
  summary: "Summary",
};

/** The places where the words were said or written, best first. A hit in a recording links to its second. */
export function WordHits({ text, kind }: { text: string; kind: JobKind | undefined }) {
  const answer = useQuery({
    queryKey: ["search", text, kind],
    queryFn: ({ signal }) => api().search(text, { limit: 10, ...(kind !== undefined && { kind }) }, { signal }),
    // A search may cost money. The same search is not repeated within a minute, and never automatically.
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const hits = answer.data?.hits ?? [];
  return (
    <section class="hits" aria-labelledby="hits-title">
      <h2 id="hits-title" class="list-title">
        Words
      </h2>
      {answer.isPending && <Skeleton rows={2} height={64} />}
      {answer.error !== null && <ErrorState error={answer.error} retry={() => void answer.refetch()} isInline />}
      {answer.data !== undefined && hits.length === 0 && <p class="dim">No finished job says or shows this.</p>}
      {hits.length > 0 && (
        <ol class="card hit-list">
          {hits.map((hit) => (
            <li key={hit.id} class="hit">
              <span class="job-icon">
                <Icon name={kindIcon(hit.kind)} />
              </span>
              <div class="job-about">
                <Link href={addressOf(hit, text)} class="job-link hit-text" state={{ [PLAYS]: hit.startMs !== null }}>
                  {marked(hit.snippet, text)}
                </Link>
                <div class="job-sub small dim">
                  <span class="one-line hit-title">
                    <bdi>{hit.title}</bdi>
                  </span>
                  <span>{SOURCE_NAMES[hit.source]}</span>
                  {hit.startMs !== null && <span>at {formatClock(hit.startMs)}</span>}
                  {hit.foundBy.length === 1 && hit.foundBy[0] === "meaning" && <span>similar meaning</span>}
                </div>
              </div>
            </li>
          ))}
        </ol>
      )}
      {answer.data?.degraded != null && <p class="small dim">{answer.data.degraded}</p>}
    </section>
  );
}

/** Return the address of a hit: the job, the start of the passage, and the words to find in it. */
function addressOf({ jobId, startMs, source }: SearchHit, text: string): string {
  if (startMs === null) return `/jobs/${jobId}`;
  const find = source === "transcript" ? `&find=${encodeURIComponent(text)}` : "";
  return `/jobs/${jobId}?t=${startMs}${find}`;
}

/** Return the text with the words of the question marked. */
function marked(text: string, question: string): ComponentChildren {
  const words = markedWords(question);
  if (words.length === 0) return text;
  const pattern = new RegExp(`(${words.map((word) => RegExp.escape(word)).join("|")})`, "giu");
  return text.split(pattern).map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part));
}
