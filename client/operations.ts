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
  ExportedJob,
  ImportResult,
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
    /** How many jobs ended in each part of the last `hours` (1 to 24; 24 by default). */
    throughput: (query: ThroughputQuery = {}, options?: CallOptions) =>
      http.json<Throughput>("GET", "/v1/queues/throughput", { ...options, query }),
    /** Start no more jobs of this kind (operator only). Clients whose jobs wait see the note. */
    pause: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/pause`, { ...options, json: request, isRepeatable: true }),
    resume: (kind: JobKind, request: PauseRequest = {}, options?: CallOptions) =>
      http.json<KindLoad>("POST", `/v1/queues/${kind}/resume`, { ...options, json: request, isRepeatable: true }),
    /** Ask models again after the platform has refused the account (operator only). */
    async liftHold(options?: CallOptions): Promise<void> {
      const call = { ...options, isRepeatable: true };
      await (await http.request("DELETE", "/v1/queues/hold", call)).body?.cancel();
    },
  };
}

/** `owner` is an owner's id, or `account` for the whole account. */
export function createBudgets(http: Http) {
  return {
    /** Your own budgets; every owner's for the operator. */
    list: async (options?: CallOptions) =>
      (await http.json<{ readonly budgets: readonly Budget[] }>("GET", "/v1/budgets", options)).budgets,
    /** Set a budget (operator only). Jobs that the old budget held are checked again. */
    set: (owner: string, period: BudgetPeriod, request: BudgetRequest, options?: CallOptions) =>
      http.json<Budget>("PUT", budgetPath(owner, period), { ...options, json: request, isRepeatable: true }),
    /** Remove a budget (operator only). Jobs that it held continue. */
    async delete(owner: string, period: BudgetPeriod, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", budgetPath(owner, period), options)).body?.cancel();
    },
  };
}

/** What the deployment lacks, with the commands that add it (operator only). */
export function createChecks(http: Http) {
  return {
    list: async (options?: CallOptions) =>
      (await http.json<{ readonly checks: readonly DeploymentCheck[] }>("GET", "/v1/checks", options)).checks,
  };
}

/** For how many days ended jobs are kept. */
export function createRetention(http: Http) {
  return {
    /** The default number, and your own; every owner's for the operator. */
    list: (options?: CallOptions) => http.json<RetentionList>("GET", "/v1/retention", options),
    /** Set an owner's number (operator only). Older jobs are deleted soon. */
    set: (owner: string, days: number, options?: CallOptions) =>
      http.json<Retention>("PUT", retentionPath(owner), { ...options, json: { days }, isRepeatable: true }),
    /** Return an owner to the default number (operator only). */
    async delete(owner: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", retentionPath(owner), options)).body?.cancel();
    },
  };
}

export function createWebhooks(http: Http) {
  return {
    /** Register an endpoint. Only this answer has the secret that signs its deliveries. */
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
    /** Create a new secret. The old one also signs deliveries for a while. */
    rotate: (id: string, options?: CallOptions) =>
      http.json<Secret>("POST", `${webhookPath(id)}/rotate`, { ...options, json: {} }),
    /** Send a test event now and return its delivery. */
    test: (id: string, options?: CallOptions) =>
      http.json<Delivery>("POST", `${webhookPath(id)}/test`, { ...options, json: {} }),
    /** Return the calling key's own secret. It signs deliveries to a `webhookUrl` that a job was given. */
    secret: (options?: CallOptions) => http.json<Secret>("GET", "/v1/webhooks/secret", options),
    rotateSecret: (options?: CallOptions) =>
      http.json<Secret>("POST", "/v1/webhooks/secret/rotate", { ...options, json: {} }),
    /** List deliveries and their results, newest first. */
    deliveries(id: string, query?: PageQuery, options?: CallOptions): Listing<Delivery> {
      return listing(http, { path: `${webhookPath(id)}/deliveries`, name: "deliveries", query }, options);
    },
    /** Send a delivery again. */
    replay: (id: string, deliveryId: string, options?: CallOptions) =>
      http.json<Delivery>("POST", `${webhookPath(id)}/deliveries/${segment(deliveryId)}/replay`, {
        ...options,
        json: {},
      }),
  };
}

export function createKeys(http: Http) {
  return {
    /** Create a key. Only this answer has the key itself. */
    create: (request: KeyRequest, options?: CallOptions) =>
      http.json<CreatedKey>("POST", "/v1/keys", { ...options, json: request }),
    /** Revoke a key: its calls are refused from now on. The endpoints that it registered are disabled unless you keep them. */
    revoke: (id: string, { webhooks, ...options }: CallOptions & RevokeQuery = {}) =>
      http.json<RevokedKey>("DELETE", `/v1/keys/${segment(id)}`, {
        ...options,
        query: { webhooks },
        isRepeatable: true,
      }),
    /** The key that this client uses: its owner, scopes and limits. */
    self: (options?: CallOptions) => http.json<OwnKey>("GET", "/v1/keys/self", options),
    list(query?: PageQuery, options?: CallOptions): Listing<ApiKey> {
      return listing(http, { path: "/v1/keys", name: "keys", query }, options);
    },
  };
}

const ARCHIVE = "/v1/archive";

/** Moves ended jobs between deployments, as lines (operator only). */
export function createArchive(http: Http) {
  return {
    /** Read the ended jobs of every owner, the earliest end first. */
    export: (options?: CallOptions) => listing<ExportedJob>(http, { path: ARCHIVE, name: "jobs", query: {} }, options),
    /** Insert at most 50 jobs, whose results must be in the bucket. A job that is there stays as it is. */
    async import(jobs: readonly unknown[], options?: CallOptions): Promise<readonly ImportResult[]> {
      const call = { ...options, json: { jobs }, isRepeatable: true };
      return (await http.json<{ readonly results: readonly ImportResult[] }>("POST", ARCHIVE, call)).results;
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
