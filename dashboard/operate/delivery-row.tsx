import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { Link } from "wouter-preact";

import type { Delivery } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { formatDateTime, formatDuration } from "../ui/format.ts";
import { Age } from "../ui/time.tsx";

const STATES: Readonly<Record<Delivery["state"], { readonly name: string; readonly looks: string }>> = {
  pending: { name: "To be sent", looks: "queued" },
  running: { name: "Being sent", looks: "running" },
  retrying: { name: "Sent again later", looks: "queued" },
  delivered: { name: "Delivered", looks: "completed" },
  failed: { name: "Failed", looks: "failed" },
  cancelled: { name: "Cancelled", looks: "cancelled" },
};

/** What was sent, what was answered, and the way to send it again. */
export function DeliveryRow({ endpointId, delivery }: { endpointId: string; delivery: Delivery }) {
  const { id, event, jobId, state, attempts, response, error, durationMs, nextAttemptAt, payload, createdAt } =
    delivery;
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: async () => api().webhooks.replay(endpointId, id),
    onSuccess: () => tell("It is being delivered once more, with the same webhook-id."),
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
          {nextAttemptAt !== null && <p class="soft">Sent again {formatDateTime(nextAttemptAt)}.</p>}
          {jobId !== null && (
            <p>
              <Link href={`/jobs/${jobId}`}>The job</Link>
            </p>
          )}
          {response?.body !== null && response?.body !== undefined && response.body !== "" && (
            <>
              <h3>Answer</h3>
              <pre class="card" tabIndex={0} role="region" aria-label="The receiver's answer">
                {response.body}
              </pre>
            </>
          )}
          <h3>Sent</h3>
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
