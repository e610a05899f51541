// Reads the jobs of the list. The filter is in the address, so that it can be bookmarked, shared and returned to.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { useSearchParams } from "wouter-preact";

import type { JobQuery, JobState, JobSummary } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { byCursor, IDLE_MS, LIVE_MS } from "../api/queries.ts";
import { STATE_NAMES } from "../ui/format.ts";
import { type KnownKind, KNOWN_KINDS } from "../ui/kinds.ts";

const PAGE_JOBS = 50;

export const STATES = Object.keys(STATE_NAMES) as readonly JobState[];

export interface ListFilter {
  readonly q: string;
  readonly state: JobState | undefined;
  readonly kind: KnownKind | undefined;
  readonly tag: string | undefined;
}

/** Return the filter in the address, and a function that changes parts of it. */
export function useListFilter(): readonly [ListFilter, (change: Partial<Record<keyof ListFilter, string>>) => void] {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const filter = useMemo((): ListFilter => {
    const read = new URLSearchParams(text);
    return {
      q: read.get("q")?.trim() ?? "",
      state: STATES.find((state) => state === read.get("state")),
      kind: KNOWN_KINDS.find((kind) => kind === read.get("kind")),
      tag: read.get("tag") || undefined,
    };
  }, [text]);
  function change(changed: Partial<Record<keyof ListFilter, string>>) {
    setParams((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changed)) {
        if (value === "") next.delete(name);
        else next.set(name, value);
      }
      return next;
    });
  }
  return [filter, change];
}

/** Return the filter as a query of the API. */
export function requestOf({ q, state, kind, tag }: ListFilter): JobQuery {
  return {
    ...(q !== "" && { text: q }),
    ...(state !== undefined && { state }),
    ...(kind !== undefined && { kind }),
    ...(tag !== undefined && { tag }),
  };
}

/** Read the pages of the list, and read them again regularly: more often while a job in them is unfinished. */
export function useJobList(filter: ListFilter) {
  return useInfiniteQuery({
    queryKey: ["jobs", "list", filter],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .jobs.list(
          {
            ...requestOf(filter),
            figures: "true",
            limit: PAGE_JOBS,
            ...(pageParam !== null && { cursor: pageParam }),
          },
          { signal },
        )
        .page(),
    ...byCursor,
    // The rows of the previous filter stay until the new ones have arrived.
    placeholderData: keepPreviousData,
    // Each time, every shown page is read. With more pages, the interval is longer.
    refetchInterval: ({ state: { data } }) => {
      const pages = data?.pages ?? [];
      const isMoving = pages.some(({ items }) => items.some(isUnfinished));
      return (isMoving ? LIVE_MS : IDLE_MS) * Math.max(1, pages.length);
    },
  });
}

function isUnfinished({ state }: JobSummary): boolean {
  return state === "queued" || state === "running";
}
