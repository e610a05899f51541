import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";

import type { CreatedWebhook, Webhook, WebhookEvent } from "../../client/index.ts";
import { api, isOperator } from "../api/session.ts";
import { tell } from "../shell/toasts.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";

const EVENTS: Readonly<Record<WebhookEvent, string>> = {
  "job.completed": "a job has completed",
  "job.failed": "a job has failed",
  "job.cancelled": "a job was cancelled",
  "transcript.edited": "a transcript was edited",
  "budget.warning": "a budget is almost used up",
  "budget.exhausted": "a budget is used up",
  "ops.budget_low": "the account's budget runs low",
  "ops.cron_stopped": "maintenance has stopped",
  "ops.database_filling": "the database is filling up",
  "ops.dead_letters_burst": "many tasks fail at once",
  "ops.queue_growing": "a queue is growing",
  "ops.recovered": "a problem is resolved",
};

/** The form that registers a webhook, or changes an existing one. */
export function WebhookDialog({
  endpoint,
  onClose,
  onMade,
}: {
  endpoint?: Webhook;
  onClose: () => void;
  onMade?: (made: CreatedWebhook) => void;
}) {
  const offered = (Object.keys(EVENTS) as WebhookEvent[]).filter((event) => isOperator() || !event.startsWith("ops."));
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(endpoint?.events ?? ["job.completed", "job.failed"]);
  const queries = useQueryClient();
  const save = useMutation({
    async mutationFn() {
      const request = { url: url.trim(), description: description.trim(), events: [...events] };
      if (endpoint === undefined) onMade?.(await api().webhooks.create(request));
      else {
        await api().webhooks.update(endpoint.id, request);
        tell("The webhook was changed.");
        onClose();
      }
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <FormDialog
      title={endpoint === undefined ? "New webhook" : "Change the webhook"}
      onClose={onClose}
      act={endpoint === undefined ? "Register" : "Save"}
      isReady={url.trim() !== "" && events.length > 0 && !save.isPending}
      error={save.error}
      onSubmit={() => save.mutate()}
    >
      <label class="field">
        <span>Address</span>
        <input
          class="input"
          type="url"
          autofocus
          placeholder="https://example.com/darkroom"
          value={url}
          onInput={({ currentTarget }) => setUrl(currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Purpose (optional)</span>
        <input
          class="input"
          maxLength={500}
          value={description}
          onInput={({ currentTarget }) => setDescription(currentTarget.value)}
        />
      </label>
      <fieldset class="field">
        <legend class="field-legend">Send an event when</legend>
        {offered.map((event) => (
          <label key={event} class="check">
            <input
              type="checkbox"
              checked={events.includes(event)}
              onChange={({ currentTarget }) =>
                setEvents(currentTarget.checked ? [...events, event] : events.filter((one) => one !== event))
              }
            />
            <span>
              {EVENTS[event]} <code class="dim">{event}</code>
            </span>
          </label>
        ))}
      </fieldset>
    </FormDialog>
  );
}
