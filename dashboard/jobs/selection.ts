// The jobs of the list that are selected, for actions on many jobs at once.
import { useEffect, useState } from "preact/hooks";

import type { JobSummary } from "../../client/index.ts";
import type { ListFilter } from "./list-query.ts";

/** Some selected jobs, or all jobs that match a filter, shown or not. */
export type Chosen =
  | { readonly type: "some"; readonly jobs: readonly JobSummary[] }
  | { readonly type: "all"; readonly filter: ListFilter };

export interface Selection {
  readonly chosen: Chosen;
  readonly isEmpty: boolean;
  readonly has: (id: string) => boolean;
  readonly toggle: (job: JobSummary) => void;
  readonly toggleShown: () => void;
  readonly chooseAll: () => void;
  readonly clear: () => void;
}

/** @param shown the current rows. The selected jobs are updated with them. */
export function useSelection(shown: readonly JobSummary[], filter: ListFilter): Selection {
  const [picked, setPicked] = useState<ReadonlyMap<string, JobSummary>>(new Map());
  const [isAll, setAll] = useState(false);
  const clear = () => {
    setPicked(new Map());
    setAll(false);
  };
  // A change of the filter clears the selection.
  useEffect(clear, [filter]);
  const latest = new Map(shown.map((job) => [job.id, job]));
  const jobs = [...picked.values()].map((job) => latest.get(job.id) ?? job);
  const chooseShown = () => setPicked(latest);
  return {
    chosen: isAll ? { type: "all", filter } : { type: "some", jobs },
    isEmpty: !isAll && jobs.length === 0,
    has: (id) => isAll || picked.has(id),
    toggle(job) {
      const next = new Map(isAll ? latest : picked);
      if (!next.delete(job.id)) next.set(job.id, job);
      setAll(false);
      setPicked(next);
    },
    toggleShown() {
      if (isAll || shown.every(({ id }) => picked.has(id))) clear();
      else chooseShown();
    },
    chooseAll() {
      chooseShown();
      setAll(true);
    },
    clear,
  };
}
