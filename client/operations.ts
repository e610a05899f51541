import { segment } from "./address.ts";
import type {
  ApiKey,
  CreatedKey,
  CreatedWebhook,
  Delivery,
  KeyRequest,
  OwnKey,
  Retention,
  RetentionList,
  RevokedKey,
  RevokeQuery,
  Secret,
  Webhook,
  WebhookChange,
  WebhookRequest,
} from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Listing, listing } from "./listing.ts";
import type {
  Budget,
  BudgetPeriod,
  BudgetRequest,
  DeploymentCheck,
  JobKind,
  KindLoad,
  Load,
  PageQuery,
  PauseRequest,
  Throughput,
  ThroughputQuery,
} from "./types.ts";

export function createQueues(http: Http) {
  return {
    get: (options?: CallOptions) => http.json<Load>("GET", "/v1/queues", options),
    /** How many jobs ended when, in the last `hours` (1 to 24, a day if left out). */
    throughput: (query: ThroughputQuery = {}, options?: CallOptions) =>
      http.json<Throughput>("GET", "/v1/queues/throughput", { ...options, query }),
    /** Start nothing of this kind any more; for the operator. Clients whose jobs wait read the note. */
    pause: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/pause`, { ...options, json: request, isRepeatable: true }),
    resume: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/resume`, { ...options, json: request, isRepeatable: true }),
    /** Ask models again though the platform has refused the account; for the operator. */
    async liftHold(options?: CallOptions): Promise<void> {
      const call = { ...options, isRepeatable: true };
      await (await http.request("DELETE", "/v1/queues/hold", call)).body?.cancel();
    },
  };
}

/** `owner` is an owner's id, or `account` for the whole account. */
export function createBudgets(http: Http) {
  return {
    /** Your own as they stand; for the operator everybody's. */
    list: async (options?: CallOptions) =>
      (await http.json<{ readonly budgets: readonly Budget[] }>("GET", "/v1/budgets", options)).budgets,
    /** What the budget before held is looked at again; for the operator. */
    set: (owner: string, period: BudgetPeriod, request: BudgetRequest, options?: CallOptions) =>
      http.json<Budget>("PUT", budgetPath(owner, period), { ...options, json: request, isRepeatable: true }),
    /** Lift it: what it held goes on; for the operator. */
    async delete(owner: string, period: BudgetPeriod, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", budgetPath(owner, period), options)).body?.cancel();
    },
  };
}

/** What the deployment lacks, with the commands that mend it; for the operator. */
export function createChecks(http: Http) {
  return {
    list: async (options?: CallOptions) =>
      (await http.json<{ readonly checks: readonly DeploymentCheck[] }>("GET", "/v1/checks", options)).checks,
  };
}

/** How many days ended jobs are kept. */
export function createRetention(http: Http) {
  return {
    /** Everybody's number, and your own; for the operator all owners'. */
    list: (options?: CallOptions) => http.json<RetentionList>("GET", "/v1/retention", options),
    /** What is older is deleted soon; for the operator. */
    set: (owner: string, days: number, options?: CallOptions) =>
      http.json<Retention>("PUT", retentionPath(owner), { ...options, json: { days }, isRepeatable: true }),
    /** As long as everybody's again; for the operator. */
    async delete(owner: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", retentionPath(owner), options)).body?.cancel();
    },
  };
}

export function createWebhooks(http: Http) {
  return {
    /** The answer has the secret that signs the deliveries, this once. */
    create: (request: WebhookRequest, options?: CallOptions) =>
      http.json<CreatedWebhook>("POST", "/v1/webhooks", { ...options, json: request }),
    list(query?: PageQuery, options?: CallOptions): Listing<Webhook> {
      return listing(http, { path: "/v1/webhooks", name: "webhooks", query }, options);
    },
    async delete(id: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", webhookPath(id), options)).body?.cancel();
    },
    get: (id: string, options?: CallOptions) => http.json<Webhook>("GET", webhookPath(id), options),
    update: (id: string, change: WebhookChange, options?: CallOptions) =>
      http.json<Webhook>("PATCH", webhookPath(id), { ...options, json: change, isRepeatable: true }),
    /** A new secret; the old one signs beside it for a while. */
    rotate: (id: string, options?: CallOptions) =>
      http.json<Secret>("POST", `${webhookPath(id)}/rotate`, { ...options, json: {} }),
    /** Send a test event now, and see what comes of it. */
    test: (id: string, options?: CallOptions) =>
      http.json<Delivery>("POST", `${webhookPath(id)}/test`, { ...options, json: {} }),
    /** What signs deliveries to addresses that were given with a job: the calling key's own secret. */
    secret: (options?: CallOptions) => http.json<Secret>("GET", "/v1/webhooks/secret", options),
    rotateSecret: (options?: CallOptions) =>
      http.json<Secret>("POST", "/v1/webhooks/secret/rotate", { ...options, json: {} }),
    /** What was sent, newest first, and what came of it. */
    deliveries(id: string, query?: PageQuery, options?: CallOptions): Listing<Delivery> {
      return listing(http, { path: `${webhookPath(id)}/deliveries`, name: "deliveries", query }, options);
    },
    /** Send one again. */
    replay: (id: string, deliveryId: string, options?: CallOptions) =>
      http.json<Delivery>("POST", `${webhookPath(id)}/deliveries/${segment(deliveryId)}/replay`, {
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
    /** Its calls are refused from now on, and the endpoints that it registered are told no more, unless they are to be kept. */
    revoke: (id: string, { webhooks, ...options }: CallOptions & RevokeQuery = {}) =>
      http.json<RevokedKey>("DELETE", `/v1/keys/${segment(id)}`, {
        ...options,
        query: { webhooks },
        isRepeatable: true,
      }),
    /** The key that this client calls with: its owner, scopes and limits. */
    self: (options?: CallOptions) => http.json<OwnKey>("GET", "/v1/keys/self", options),
    list(query?: PageQuery, options?: CallOptions): Listing<ApiKey> {
      return listing(http, { path: "/v1/keys", name: "keys", query }, options);
    },
  };
}

function budgetPath(owner: string, period: BudgetPeriod): string {
  return `/v1/budgets/${segment(owner)}/${period}`;
}

function retentionPath(owner: string): string {
  return `/v1/retention/${encodeURIComponent(owner)}`;
}

function webhookPath(id: string): string {
  return `/v1/webhooks/${segment(id)}`;
}
