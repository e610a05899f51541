import type { JobState } from "../../client/index.ts";
import { STATE_NAMES } from "./format.ts";

/** A job's state, with a dot that differs in shape as well as in colour. */
export function StateBadge({ state, label }: { state: JobState; label?: string | undefined }) {
  return (
    <span class="state" data-state={state}>
      <span class="state-dot" aria-hidden="true" />
      {label ?? STATE_NAMES[state]}
    </span>
  );
}

/** @param fraction 0 to 1; null if the progress is not known. */
export function Progress({ fraction, label }: { fraction: number | null; label: string }) {
  return fraction === null ? (
    <progress class="progress" aria-label={label} />
  ) : (
    <progress class="progress" aria-label={label} max={1} value={fraction} />
  );
}
