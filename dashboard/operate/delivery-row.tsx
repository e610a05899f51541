import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { Link } from "wouter-preact";

import type { Delivery } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { formatDateTime, formatDuration } from "../ui/format.ts";
import { Age } from "../ui/time.tsx";

const STATES: Readonly<Record<Delivery["state"], { readonly name: string; readonly looks: string }>> = {
  pending: { name: "Pending", looks: "queued" },
  running: { name: "Sending", looks: "running" },
  retrying: { name: "Retrying", looks: "queued" },
  delivered: { name: "Delivered", looks: "completed" },
  failed: { name: "Failed", looks: "failed" },
  cancelled: { name: "Cancelled", looks: "cancelled" },
};

/** A delivery: what was sent, what the receiver answered, and a button that sends it again. */
export function DeliveryRow({ endpointId, delivery }: { endpointId: string; delivery: Delivery }) {
  const { id, event, jobId, state, attempts, response, error, durationMs, nextAttemptAt, payload, createdAt } =
    delivery;
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: async () => api().webhooks.replay(endpointId, id),
    onSuccess: () => tell("The event is sent again, with the same webhook-id."),
    onError: tellError,
    onSettled: async () => queries.invalidateQueries({ queryKey: ["webhooks", "deliveries", endpointId] }),
  });
  const { name, looks } = STATES[state];
  const mayReplay = jobId !== null && (state === "delivered" || state === "failed");
  return (
    <li class="delivery">
      <details class="delivery-more">
        <summary>
          <span class="state" data-state={looks}>
            <span class="state-dot" aria-hidden="true" />
            {name}
          </span>
          <code class="delivery-event">{event}</code>
          <span class="small dim delivery-facts">
            {response !== null && <span>answered {response.code}</span>}
            {durationMs !== null && <span>{formatDuration(durationMs)}</span>}
            {attempts > 1 && <span>{attempts} attempts</span>}
          </span>
          <span class="small dim">
            <Age at={createdAt} />
          </span>
        </summary>
        <div class="delivery-body">
          {error !== null && <p class="bad">{error.message}</p>}
          {nextAttemptAt !== null && <p class="soft">Next attempt: {formatDateTime(nextAttemptAt)}.</p>}
          {jobId !== null && (
            <p>
              <Link href={`/jobs/${jobId}`}>Open the job</Link>
            </p>
          )}
          {response?.body !== null && response?.body !== undefined && response.body !== "" && (
            <>
              <h3>Response</h3>
              <pre class="card" tabIndex={0} role="region" aria-label="The receiver's response">
                {response.body}
              </pre>
            </>
          )}
          <h3>Request</h3>
          <pre class="card" tabIndex={0} role="region" aria-label="What was sent">
            {JSON.stringify(payload, null, 2)}
          </pre>
        </div>
      </details>
      {mayReplay && (
        <button
          type="button"
          class="button"
          aria-label={`Replay ${event} ${id}`}
          disabled={replay.isPending}
          onClick={() => replay.mutate()}
        >
          Replay
        </button>
      )}
    </li>
  );
}
