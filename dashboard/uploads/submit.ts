import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";

import type { JobRequest } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";

const PRICE_DELAY_MS = 500;

/** What a described job would cost, asked a moment after its last change; null for one that is not whole yet. */
export function useEstimate(request: JobRequest | null) {
  const text = request === null ? null : JSON.stringify(request);
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), PRICE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return useQuery({
    queryKey: ["estimate", asked],
    queryFn: ({ signal }) => api().jobs.estimate(JSON.parse(asked ?? "") as JobRequest, { signal }),
    enabled: asked !== null,
    staleTime: 60_000,
  });
}

/** Submit a described job and go to it. @param onTaken clears what was typed: until then it stays. */
export function useSubmit(onTaken: () => void) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: async ({ request, key }: { request: JobRequest; key: string }) =>
      api().jobs.submit(request, { idempotencyKey: key }),
    async onSuccess({ id }) {
      onTaken();
      tell("The job was submitted.");
      await queries.invalidateQueries({ queryKey: ["jobs"] });
      if (may("jobs:read")) navigate(`/jobs/${id}`);
    },
  });
}
