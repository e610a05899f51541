import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import type { Webhook } from "../../client/index.ts";
import { byCursor, LIVE_MS } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { confirm } from "../ui/dialog.tsx";
import { formatDateTime } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { EmptyState, ErrorState, ShowMore, Skeleton } from "../ui/states.tsx";
import { DeliveryRow } from "./delivery-row.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";

/** One webhook with the log of its deliveries. */
export function EndpointPage({ id }: { id: string }) {
  const endpoint = useQuery({
    queryKey: ["webhooks", "one", id],
    queryFn: ({ signal }) => api().webhooks.get(id, { signal }),
  });
  const deliveries = useInfiniteQuery({
    queryKey: ["webhooks", "deliveries", id],
    queryFn: async ({ pageParam, signal }) =>
      api()
        .webhooks.deliveries(id, { limit: 25, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
        .page(),
    ...byCursor,
    refetchInterval: ({ state: { data } }) => LIVE_MS * 2 * Math.max(1, data?.pages.length ?? 1),
  });
  const all = deliveries.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <Link href="/operate/webhooks" class="back">
        <Icon name="arrowLeft" />
        All webhooks
      </Link>
      {endpoint.error !== null && <ErrorState error={endpoint.error} retry={() => void endpoint.refetch()} />}
      {endpoint.data !== undefined && <EndpointHead endpoint={endpoint.data} />}
      {deliveries.data === undefined ? (
        endpoint.error === null && <Skeleton rows={4} />
      ) : all.length === 0 ? (
        <EmptyState icon="bolt" title="Nothing was sent yet">
          Send a test event to see what your receiver answers.
        </EmptyState>
      ) : (
        <section class="section">
          <h2>Deliveries</h2>
          <ul class="card deliveries">
            {all.map((delivery) => (
              <DeliveryRow key={delivery.id} endpointId={id} delivery={delivery} />
            ))}
          </ul>
        </section>
      )}
      <ShowMore list={deliveries}>Show older deliveries</ShowMore>
    </>
  );
}

function EndpointHead({ endpoint }: { endpoint: Webhook }) {
  const { id, url, description, events, disabled } = endpoint;
  const [isChanging, setChanging] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const refresh = async () => queries.invalidateQueries({ queryKey: ["webhooks"] });
  const test = useMutation({
    mutationFn: async () => api().webhooks.test(id),
    onSuccess({ state, response, error }) {
      if (state === "delivered") tell(`The receiver answered ${response?.code ?? "nothing"}.`);
      else tell(error?.message ?? `The receiver answered ${response?.code ?? "nothing"}.`, { tone: "bad" });
    },
    onError: tellError,
    onSettled: refresh,
  });
  const switchIt = useMutation({
    mutationFn: async () => api().webhooks.update(id, { disabled: disabled === null }),
    onSuccess: (changed) => tell(changed.disabled === null ? "The webhook is enabled." : "The webhook is disabled."),
    onError: tellError,
    onSettled: refresh,
  });
  const rotate = useMutation({
    mutationFn: async () => api().webhooks.rotate(id),
    onSuccess: (made) => setSecret(made.secret),
    onError: tellError,
  });
  const remove = useMutation({
    mutationFn: async () => api().webhooks.delete(id),
    async onSuccess() {
      tell("The webhook and its log were deleted.");
      navigate("/operate/webhooks");
      await refresh();
    },
    onError: tellError,
  });
  async function askToRotate() {
    const text =
      "You get a new secret. For one day, deliveries are signed with both secrets, so that your receiver can change over.";
    if (await confirm({ title: "Rotate the secret?", text, act: "Rotate secret" })) rotate.mutate();
  }
  async function askToDelete() {
    const text = "It receives no more events, and its log is deleted. You cannot undo this.";
    if (await confirm({ title: "Delete this webhook?", text, act: "Delete webhook", isDangerous: true }))
      remove.mutate();
  }
  async function askToSwitch() {
    const text = "It receives no events until you enable it again. Events that happen before then are not sent later.";
    if (disabled !== null || (await confirm({ title: "Disable this webhook?", text, act: "Disable" })))
      switchIt.mutate();
  }
  return (
    <>
      <div class="cause-head">
        <div>
          <h2 class="endpoint-url">{url}</h2>
          <p class="small dim cause-sub">
            {description !== "" && <span>{description}</span>}
            <span>{events.join(", ")}</span>
          </p>
        </div>
        <div class="actions">
          <button type="button" class="button" disabled={test.isPending} onClick={() => test.mutate()}>
            <Icon name="bolt" />
            {test.isPending ? "Sending …" : "Send a test"}
          </button>
          <Menu label="More actions" class="icon-button bordered" trigger={<Icon name="dots" />}>
            <button type="button" class="menu-item" onClick={() => setChanging(true)}>
              <Icon name="text" />
              Change
            </button>
            <button type="button" class="menu-item" onClick={() => void askToRotate()}>
              <Icon name="key" />
              Rotate the secret
            </button>
            <button type="button" class="menu-item" onClick={() => void askToSwitch()}>
              <Icon name={disabled === null ? "pause" : "play"} />
              {disabled === null ? "Disable" : "Enable"}
            </button>
            <hr />
            <button type="button" class="menu-item" data-tone="bad" onClick={() => void askToDelete()}>
              <Icon name="trash" />
              Delete webhook
            </button>
          </Menu>
        </div>
      </div>
      {disabled !== null && (
        <div class="notice" data-tone="warn">
          <Icon name="pause" />
          <div class="notice-text">
            <strong>Disabled since {formatDateTime(disabled.since)}.</strong> {disabled.reason}
          </div>
          <button type="button" class="button" disabled={switchIt.isPending} onClick={() => void askToSwitch()}>
            Enable
          </button>
        </div>
      )}
      {isChanging && <WebhookDialog endpoint={endpoint} onClose={() => setChanging(false)} />}
      {secret !== null && (
        <SecretDialog title="The new secret" secret={secret} onClose={() => setSecret(null)}>
          Deliveries are also signed with the old secret for one day.
        </SecretDialog>
      )}
    </>
  );
}
