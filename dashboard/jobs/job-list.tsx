import "./jobs.css";

import { useEffect, useMemo, useRef } from "preact/hooks";
import { Link } from "wouter-preact";

import { may } from "../api/session.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { lazy } from "../ui/lazy.tsx";
import { JobFilters } from "./job-filters.tsx";
import { JobRows } from "./job-rows.tsx";
import { useJobList, useListFilter } from "./list-query.ts";
import { useSelection } from "./selection.ts";
import { SelectionBar } from "./selection-bar.tsx";
import { WordHits } from "./word-hits.tsx";

const FirstUse = lazy(async () => (await import("./first-use.tsx")).FirstUse);

/** All jobs, newest first. The list updates itself. */
export function JobList() {
  const [filter, change] = useListFilter();
  const list = useJobList(filter);
  const jobs = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const isFiltered =
    filter.q !== "" || filter.state !== undefined || filter.kind !== undefined || filter.tag !== undefined;
  const selection = useSelection(jobs, filter);
  const rows = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = filter.q === "" ? "Jobs · Darkroom" : `${filter.q} · Darkroom`;
  }, [filter.q]);
  useShortcuts("Jobs", [
    { keys: "j", does: "Next job", run: () => step(rows.current, 1) },
    { keys: "k", does: "Previous job", run: () => step(rows.current, -1) },
    { keys: "Enter", does: "Open the job", run: () => step(rows.current, 0) },
    { keys: "x", does: "Select the job", run: toggleFocused },
    { keys: "a", does: "Select all jobs that match", run: selection.chooseAll },
  ]);
  function toggleFocused() {
    const { activeElement } = document;
    const row = activeElement instanceof Element ? activeElement.closest("tr") : null;
    const id = row?.querySelector<HTMLElement>("a[data-job]")?.dataset["job"];
    const job = jobs.find((one) => one.id === id);
    if (job !== undefined) selection.toggle(job);
  }

  if (list.data === undefined) {
    return (
      <>
        <Head />
        {list.error === null ? (
          <Skeleton rows={8} height={56} />
        ) : (
          <ErrorState error={list.error} retry={() => void list.refetch()} />
        )}
      </>
    );
  }
  if (jobs.length === 0 && !isFiltered && !list.isPlaceholderData) return <FirstUse />;
  return (
    <>
      <Head />
      <JobFilters filter={filter} change={change} isBusy={list.isPlaceholderData} />
      {list.error !== null && <ErrorState error={list.error} retry={() => void list.refetch()} isInline />}
      {filter.q !== "" && <WordHits text={filter.q} kind={filter.kind} />}
      {filter.q !== "" && <h2 class="list-title">Jobs</h2>}
      <div ref={rows} class="list" data-stale={list.isPlaceholderData}>
        {jobs.length === 0 && filter.q !== "" ? (
          <p class="dim">
            No file name, prompt or text of {list.hasNextPage ? "your latest jobs" : "your jobs"} contains “{filter.q}”.{" "}
            <Link href="/">Show all jobs</Link>
          </p>
        ) : jobs.length === 0 ? (
          <EmptyState
            icon="search"
            title="No job matches"
            actions={
              <Link href="/" class="button">
                Show all jobs
              </Link>
            }
          >
            {list.hasNextPage ? "None of your latest jobs matches all filters." : "No job matches all filters."}
          </EmptyState>
        ) : (
          <JobRows jobs={jobs} selection={selection} />
        )}
      </div>
      <ShowMore list={list}>{list.isFetchingNextPage ? "Loading …" : "Show older jobs"}</ShowMore>
      {!selection.isEmpty && <SelectionBar selection={selection} hasMore={list.hasNextPage} />}
    </>
  );
}

function Head() {
  return (
    <div class="page-head">
      <h1>Jobs</h1>
      {!may("jobs:write") && <span class="chip">Read only</span>}
    </div>
  );
}

/** Move the focus along the links of the rows. If it is elsewhere, move it to the first one. */
function step(rows: HTMLElement | null, by: number): void {
  const links = [...(rows?.querySelectorAll<HTMLAnchorElement>("a[data-job]") ?? [])];
  const at = links.findIndex((link) => link === document.activeElement);
  if (by === 0) links[at]?.click();
  else links[at === -1 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
