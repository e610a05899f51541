import type { ApiKey, CreatedKey, CreatedWebhook, Delivery, KeyRequest, Webhook, WebhookRequest } from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Listing, listing } from "./listing.ts";
import type { JobKind, KindLoad, Load, PageQuery, PauseRequest } from "./types.ts";

export function createQueues(http: Http) {
  return {
    get: (options?: CallOptions) => http.json<Load>("GET", "/v1/queues", options),
    /** Start nothing of this kind any more; for the operator. Clients whose jobs wait read the note. */
    pause: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/pause`, { ...options, json: request, isRepeatable: true }),
    resume: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/resume`, { ...options, json: request, isRepeatable: true }),
  };
}

export function createWebhooks(http: Http) {
  const at = (id: string) => `/v1/webhooks/${encodeURIComponent(id)}`;
  return {
    /** The answer has the secret that signs the deliveries, this once. */
    create: (request: WebhookRequest, options?: CallOptions) =>
      http.json<CreatedWebhook>("POST", "/v1/webhooks", { ...options, json: request }),
    list(query?: PageQuery, options?: CallOptions): Listing<Webhook> {
      return listing(http, { path: "/v1/webhooks", name: "webhooks", query }, options);
    },
    async delete(id: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", at(id), options)).body?.cancel();
    },
    /** A new secret; the old one signs beside it for a while. */
    rotate: (id: string, options?: CallOptions) =>
      http.json<CreatedWebhook>("POST", `${at(id)}/rotate`, { ...options, json: {} }),
    /** What was sent, newest first, and what came of it. */
    deliveries(id: string, query?: PageQuery, options?: CallOptions): Listing<Delivery> {
      return listing(http, { path: `${at(id)}/deliveries`, name: "deliveries", query }, options);
    },
    /** Send one again. */
    replay: (id: string, deliveryId: string, options?: CallOptions) =>
      http.json<Delivery>("POST", `${at(id)}/deliveries/${encodeURIComponent(deliveryId)}/replay`, {
        ...options,
        json: {},
      }),
  };
}

export function createKeys(http: Http) {
  return {
    /** The answer has the key itself, this once. */
    create: (request: KeyRequest, options?: CallOptions) =>
      http.json<CreatedKey>("POST", "/v1/keys", { ...options, json: request }),
    /** Its calls are refused from now on. */
    async revoke(id: string, options?: CallOptions): Promise<void> {
      const response = await http.request("DELETE", `/v1/keys/${encodeURIComponent(id)}`, options);
      await response.body?.cancel();
    },
    list(query?: PageQuery, options?: CallOptions): Listing<ApiKey> {
      return listing(http, { path: "/v1/keys", name: "keys", query }, options);
    },
  };
}
