// The load of the queues: what the API says now, and its course since the page was opened.
import { signal } from "@preact/signals";
import { useQuery } from "@tanstack/preact-query";

import type { Load } from "../../client/index.ts";
import { LIVE_MS } from "../api/queries.ts";
import { api } from "../api/session.ts";
import type { ChartPoint } from "./chart.tsx";

export const LOAD_KEY = ["queues"] as const;

export function useLoad() {
  return useQuery({
    queryKey: LOAD_KEY,
    queryFn: async (query) => {
      const load = await api().queues.get({ signal: query.signal });
      noteBacklog(load);
      return load;
    },
    refetchInterval: LIVE_MS,
  });
}

/** The samples of half an hour, one every two seconds. */
const MOST_SAMPLES = 900;
export const backlog = signal<readonly ChartPoint[]>([]);

/** Record a sample of the queues. The API does not keep their history. */
function noteBacklog({ kinds }: Load): void {
  const sum = (figure: "waiting" | "running") => kinds.reduce((total, { tasks }) => total + tasks[figure], 0);
  backlog.value = [...backlog.value.slice(-MOST_SAMPLES), { at: Date.now(), values: [sum("waiting"), sum("running")] }];
}
