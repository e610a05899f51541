// Reads a job and follows its changes: from its event stream, or by polling if there is no stream.
import { type Signal, signal } from "@preact/signals";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useMemo } from "preact/hooks";

import type { Job, JobEvent, Transcript } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { isMissing, LIVE_MS } from "../api/queries.ts";

export type LiveSegment = Transcript["segments"][number];

export interface LiveJob {
  /** The final segments so far, in order, while a transcript is being made. */
  readonly segments: Signal<readonly LiveSegment[]>;
  /** The data of the last progress event. */
  readonly progress: Signal<Readonly<Record<string, unknown>> | null>;
  readonly isConnected: Signal<boolean>;
}

export function jobKey(id: string): readonly unknown[] {
  return ["jobs", "one", id];
}

export function hasEnded({ state }: Pick<Job, "state">): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

export function useJob(id: string) {
  const live = useMemo(
    (): LiveJob => ({ segments: signal([]), progress: signal(null), isConnected: signal(false) }),
    [id],
  );
  const queries = useQueryClient();
  const job = useQuery({
    queryKey: jobKey(id),
    queryFn: ({ signal: stop }) => api().jobs.get(id, { signal: stop }),
    refetchInterval: ({ state: { data, error } }) => {
      if (isMissing(error) || (data !== undefined && hasEnded(data))) return false;
      // The stream does not report the queue position of a job.
      return live.isConnected.value && data?.state === "running" ? 5 * LIVE_MS : LIVE_MS;
    },
  });
  const isOpen = job.data !== undefined && !hasEnded(job.data);
  useEffect(() => {
    if (!isOpen) return;
    const stopping = new AbortController();
    void follow(id, live, stopping.signal, () => void queries.invalidateQueries({ queryKey: jobKey(id) }));
    return () => stopping.abort();
  }, [id, isOpen, live]);
  return { job, live };
}

async function follow(id: string, live: LiveJob, stop: AbortSignal, onChange: () => void): Promise<void> {
  try {
    for await (const event of api().jobs.events(id, { signal: stop })) {
      live.isConnected.value = true;
      take(event, live);
      if (event.type === "state" || event.type === "progress" || event.type === "done") onChange();
    }
  } catch {
    // Other tabs use all streams of this key, or the connection is gone. Polling continues.
  } finally {
    live.isConnected.value = false;
  }
}

function take({ type, data }: JobEvent, live: LiveJob): void {
  if (type === "progress") live.progress.value = data;
  if (type !== "segment") return;
  const { index, ...segment } = data as unknown as LiveSegment & { readonly index: number };
  const next = live.segments.value.slice();
  next[index] = segment;
  live.segments.value = next;
}
