import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";

import type { JobRequest } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";

const PRICE_DELAY_MS = 500;

/** Estimate the cost of a described job, a moment after its last change. @param request null while the description is incomplete. */
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

/** Submit a described job and go to it. @param onTaken clears the form after the API has accepted the job. */
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
