import { useQuery } from "@tanstack/preact-query";
import { useEffect, useMemo } from "preact/hooks";

import { api } from "../api/session.ts";

/** Return an address of an artifact for an `img`. The artifact is read with the key, which an `img` cannot send. */
export function useArtifactUrl(jobId: string, name: string | undefined) {
  const blob = useQuery({
    queryKey: ["artifact", jobId, name],
    queryFn: async ({ signal }) => {
      const { stream, contentType } = await api().jobs.download(jobId, name ?? "", { signal });
      return new Response(stream, { headers: { "content-type": contentType } }).blob();
    },
    enabled: name !== undefined,
    staleTime: Infinity,
  });
  const url = useMemo(() => (blob.data === undefined ? null : URL.createObjectURL(blob.data)), [blob.data]);
  useEffect(() => () => (url === null ? undefined : URL.revokeObjectURL(url)), [url]);
  return { url, error: blob.error, retry: () => void blob.refetch() };
}
