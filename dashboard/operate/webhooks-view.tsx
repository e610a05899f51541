import { useInfiniteQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";

import type { Webhook } from "../../client/index.ts";
import { byCursor } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { formatDateTime } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, Skeleton, ShowMore } from "../ui/states.tsx";
import { EndpointPage } from "./endpoint-page.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";

export const WEBHOOKS_KEY = ["webhooks"] as const;

/** The webhooks: addresses to which Darkroom sends events. */
export function WebhooksView() {
  const [params] = useSearchParams();
  const id = params.get("id");
  return id === null ? <Endpoints /> : <EndpointPage key={id} id={id} />;
}

function Endpoints() {
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const endpoints = useInfiniteQuery({
    queryKey: [...WEBHOOKS_KEY, "list"],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .webhooks.list({ limit: 50, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
        .page(),
    ...byCursor,
  });
  const all = endpoints.data?.pages.flatMap(({ items }) => items) ?? [];
  const make = (
    <button type="button" class="button primary" onClick={() => setMaking(true)}>
      <Icon name="plus" />
      New webhook
    </button>
  );
  return (
    <>
      {all.length > 0 && (
        <div class="section-head">
          <h2>Webhooks</h2>
          {make}
        </div>
      )}
      {endpoints.error !== null && (
        <ErrorState error={endpoints.error} retry={() => void endpoints.refetch()} isInline />
      )}
      {endpoints.data === undefined ? (
        endpoints.error === null && <Skeleton rows={3} />
      ) : all.length === 0 ? (
        <EmptyState icon="bolt" title="No webhooks yet" actions={make}>
          A webhook is an address of yours. Darkroom sends it signed events about finished jobs, edited transcripts and
          budgets.
        </EmptyState>
      ) : (
        <ul class="card endpoints">
          {all.map((endpoint) => (
            <EndpointRow key={endpoint.id} endpoint={endpoint} />
          ))}
        </ul>
      )}
      <ShowMore list={endpoints}>Show older webhooks</ShowMore>
      {isMaking && (
        <WebhookDialog
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setSecret(made.secret);
          }}
        />
      )}
      {secret !== null && (
        <SecretDialog title="The webhook's secret" secret={secret} onClose={() => setSecret(null)}>
          Your receiver uses it to check the signature of each delivery (Standard Webhooks).
        </SecretDialog>
      )}
    </>
  );
}

function EndpointRow({ endpoint: { id, url, events, description, disabled } }: { endpoint: Webhook }) {
  return (
    <li class="cause">
      <span class="state" data-state={disabled === null ? "completed" : "cancelled"}>
        <span class="state-dot" aria-hidden="true" />
        <span class="visually-hidden">{disabled === null ? "Enabled" : "Disabled"}</span>
      </span>
      <div class="cause-about">
        <Link href={`/operate/webhooks?id=${encodeURIComponent(id)}`} class="job-link one-line">
          {url}
        </Link>
        <p class="small dim cause-sub">
          {description !== "" && <span>{description}</span>}
          <span>{events.length > 3 ? `${events.length} events` : events.join(", ")}</span>
          {disabled !== null && (
            <span class="bad">
              disabled since {formatDateTime(disabled.since)}: {disabled.reason}
            </span>
          )}
        </p>
      </div>
      <Icon name="chevron" />
    </li>
  );
}
