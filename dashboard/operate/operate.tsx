import { useQuery } from "@tanstack/preact-query";

import { api } from "../api/session.ts";
import { LIVE_MS } from "../api/queries.ts";
import { formatCount } from "../ui/format.ts";
import { kindName } from "../ui/kinds.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";

/** How the queues stand. */
export function Operate({ part }: { part: string | undefined }) {
  const load = useQuery({
    queryKey: ["queues"],
    queryFn: ({ signal }) => api().queues.get({ signal }),
    refetchInterval: LIVE_MS,
  });
  return (
    <>
      <div class="page-head">
        <h1>{part ?? "Operate"}</h1>
      </div>
      {load.error !== null && <ErrorState error={load.error} retry={() => void load.refetch()} />}
      {load.data === undefined ? (
        <Skeleton />
      ) : (
        <dl class="facts">
          {load.data.kinds.map((kind) => (
            <div key={kind.kind}>
              <dt>{kindName(kind.kind)}</dt>
              <dd>{formatCount(kind.tasks.running)} running</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
