import { useInfiniteQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { DeadLetter } from "../../client/index.ts";
import { byCursor, IDLE_MS } from "../api/queries.ts";
import { api, may } from "../api/session.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { Age } from "../ui/time.tsx";
import { LetterDialog } from "./letter-dialog.tsx";
import { type LetterState, StateFilter } from "./letter-states.tsx";
import { RedriveDialog } from "./redrive-dialog.tsx";
import { RedriveList } from "./redrive-list.tsx";
import { taskName } from "./task-name.ts";

/** The dead letters with one fingerprint. */
export function CausePage({
  fingerprint,
  state,
  showState,
}: {
  fingerprint: string;
  state: LetterState;
  showState: (state: LetterState) => void;
}) {
  const [isRedriving, setRedriving] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const letters = useInfiniteQuery({
    queryKey: ["dead-letters", "list", fingerprint, state],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .deadLetters.list(
          { fingerprint, state, limit: 50, ...(pageParam !== null && { cursor: pageParam }) },
          { signal },
        )
        .page(),
    ...byCursor,
    refetchInterval: IDLE_MS,
  });
  const all = letters.data?.pages.flatMap(({ items }) => items) ?? [];
  const [kind = "", code = ""] = fingerprint.split(":");
  const mayRedrive = may("jobs:read", "jobs:write") && state === "open" && all.length > 0;
  useShortcuts(
    "Dead letters",
    mayRedrive ? [{ keys: "R", does: "Redrive all letters with this cause", run: () => setRedriving(true) }] : [],
  );
  return (
    <>
      <Link href="/operate/dead-letters" class="back">
        <Icon name="arrowLeft" />
        All causes
      </Link>
      <div class="cause-head">
        <div>
          <h2>{all[0]?.reason ?? code}</h2>
          <p class="dim small cause-sub">
            <code>{code}</code>
            <span>{taskName(kind)}</span>
          </p>
        </div>
        {mayRedrive && (
          <button type="button" class="button primary" onClick={() => setRedriving(true)}>
            <Icon name="redo" />
            Redrive all …
          </button>
        )}
      </div>
      <div class="filters">
        <StateFilter state={state} showState={showState} />
      </div>
      {letters.error !== null && <ErrorState error={letters.error} retry={() => void letters.refetch()} isInline />}
      {letters.data === undefined ? (
        letters.error === null && <Skeleton rows={4} />
      ) : all.length === 0 ? (
        <EmptyState icon="check" title="No letters with this cause">
          {state === "open"
            ? "The tasks that failed for this reason were redriven, discarded or deleted."
            : "No letter with this cause is in this state."}
        </EmptyState>
      ) : (
        <ul class="card letters">
          {all.map((letter) => (
            <LetterRow key={letter.id} letter={letter} onOpen={() => setShown(letter.id)} />
          ))}
        </ul>
      )}
      <ShowMore list={letters}>Show older letters</ShowMore>
      <RedriveList />
      {isRedriving && <RedriveDialog fingerprint={fingerprint} onClose={() => setRedriving(false)} />}
      {shown !== null && <LetterDialog key={shown} id={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function LetterRow({ letter, onOpen }: { letter: DeadLetter; onOpen: () => void }) {
  const { id, reason, jobId, attempts, state, note, createdAt } = letter;
  return (
    <li class="letter">
      <div class="letter-about">
        <span class="letter-reason">{reason}</span>
        <span class="small dim cause-sub">
          {jobId !== null && <Link href={`/jobs/${jobId}`}>the job</Link>}
          <span>
            {attempts.length} {attempts.length === 1 ? "attempt" : "attempts"}
          </span>
          {state !== "open" && <span>{state}</span>}
          {note !== null && <span class="one-line">“{note}”</span>}
        </span>
      </div>
      <span class="dim small">
        <Age at={createdAt} />
      </span>
      <button type="button" class="button" aria-label={`Open ${id}`} onClick={onOpen}>
        Open
      </button>
    </li>
  );
}
