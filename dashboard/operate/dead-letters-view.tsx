import { keepPreviousData, useInfiniteQuery } from "@tanstack/preact-query";
import { useRef, useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";

import type { DeadLetterGroup } from "../../client/index.ts";
import { byCursor, IDLE_MS } from "../api/queries.ts";
import { api, may } from "../api/session.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { formatAtLeast, formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { Ago } from "../ui/time.tsx";
import { CausePage } from "./cause-page.tsx";
import { LETTER_STATES, type LetterState, StateFilter } from "./letter-states.tsx";
import { RedriveDialog } from "./redrive-dialog.tsx";
import { RedriveList } from "./redrive-list.tsx";
import { taskName } from "./task-name.ts";

/** Dead letters, grouped by cause. */
export function DeadLettersView() {
  const [params, setParams] = useSearchParams();
  const state = LETTER_STATES.find(([one]) => one === params.get("state"))?.[0] ?? "open";
  const cause = params.get("cause");
  const showState = (next: LetterState) =>
    setParams((before) => {
      const changed = new URLSearchParams(before);
      if (next === "open") changed.delete("state");
      else changed.set("state", next);
      return changed;
    });
  if (cause !== null) return <CausePage key={cause} fingerprint={cause} state={state} showState={showState} />;
  return <Causes state={state} showState={showState} />;
}

function Causes({ state, showState }: { state: LetterState; showState: (state: LetterState) => void }) {
  const [isRedriving, setRedriving] = useState(false);
  const rows = useRef<HTMLUListElement>(null);
  const mayRedrive = may("jobs:read", "jobs:write");
  const groups = useInfiniteQuery({
    queryKey: ["dead-letters", "groups", state],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .deadLetters.groups({ state, limit: 50, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
        .page(),
    ...byCursor,
    placeholderData: keepPreviousData,
    refetchInterval: IDLE_MS,
  });
  const all = groups.data?.pages.flatMap(({ items }) => items) ?? [];
  const open = state === "open" ? all.reduce((sum, { count }) => sum + count, 0) : 0;
  const isOpenAtLeast = all.some(({ isAtLeast }) => isAtLeast);
  useShortcuts("Dead letters", [
    { keys: "j", does: "Next cause", run: () => step(rows.current, 1) },
    { keys: "k", does: "Previous cause", run: () => step(rows.current, -1) },
    ...(mayRedrive ? [{ keys: "R", does: "Redrive by filter", run: () => setRedriving(true) }] : []),
  ]);
  return (
    <>
      <div class="filters">
        <StateFilter state={state} showState={showState} />
        <span class="filters-gap" />
        {mayRedrive && (
          <button type="button" class="button" onClick={() => setRedriving(true)}>
            <Icon name="redo" />
            Redrive by filter …
          </button>
        )}
      </div>
      {groups.error !== null && (
        <ErrorState error={groups.error} retry={() => void groups.refetch()} isInline={groups.data !== undefined} />
      )}
      {groups.data === undefined ? (
        groups.error === null && <Skeleton rows={4} height={84} />
      ) : all.length === 0 ? (
        <EmptyState icon="check" title={state === "open" ? "No dead letters" : "No letters in this state"}>
          {state === "open"
            ? "A task that fails for good leaves a dead letter here. Letters with the same cause are grouped."
            : "No dead letter is in this state. Letters are deleted with their jobs."}
        </EmptyState>
      ) : (
        <>
          {state === "open" && (
            <p class="dim small causes-sum">
              {formatAtLeast(open, isOpenAtLeast)} {open === 1 ? "task" : "tasks"}, {formatCount(all.length)}{" "}
              {all.length === 1 ? "cause" : "causes"}
            </p>
          )}
          <ul class="card causes" ref={rows}>
            {all.map((group) => (
              <Cause key={group.fingerprint} group={group} state={state} />
            ))}
          </ul>
        </>
      )}
      <ShowMore list={groups}>Show more causes</ShowMore>
      <RedriveList />
      {isRedriving && <RedriveDialog onClose={() => setRedriving(false)} />}
    </>
  );
}

function Cause({ group, state }: { group: DeadLetterGroup; state: LetterState }) {
  const { fingerprint, code, message, kind, count, isAtLeast, firstSeenAt, lastSeenAt } = group;
  const address = `/operate/dead-letters?cause=${encodeURIComponent(fingerprint)}${state === "open" ? "" : `&state=${state}`}`;
  return (
    <li class="cause">
      <strong class="cause-count" aria-label={`${formatAtLeast(count, isAtLeast)} of them`}>
        {formatAtLeast(count, isAtLeast)}
      </strong>
      <div class="cause-about">
        <Link href={address} class="job-link cause-message" data-cause>
          {message}
        </Link>
        <p class="small dim cause-sub">
          <code>{code}</code>
          <span>{taskName(kind)}</span>
          <span>
            last <Ago at={lastSeenAt} />
            {lastSeenAt !== firstSeenAt && (
              <>
                , first <Ago at={firstSeenAt} />
              </>
            )}
          </span>
        </p>
      </div>
      <Icon name="chevron" />
    </li>
  );
}

function step(rows: HTMLElement | null, by: number): void {
  const links = [...(rows?.querySelectorAll<HTMLAnchorElement>("a[data-cause]") ?? [])];
  const at = links.findIndex((link) => link === document.activeElement);
  links[at === -1 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
