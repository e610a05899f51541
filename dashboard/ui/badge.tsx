import type { JobState } from "../../client/index.ts";
import { STATE_NAMES } from "./format.ts";

/** A job's state: a dot whose shape tells it as well as its colour. */
export function StateBadge({ state, label }: { state: JobState; label?: string | undefined }) {
  return (
    <span class="state" data-state={state}>
      <span class="state-dot" aria-hidden="true" />
      {label ?? STATE_NAMES[state]}
    </span>
  );
}

/** @param fraction 0 to 1; null where nobody knows how far it is. */
export function Progress({ fraction, label }: { fraction: number | null; label: string }) {
  return fraction === null ? (
    <progress class="progress" aria-label={label} />
  ) : (
    <progress class="progress" aria-label={label} max={1} value={fraction} />
  );
}
