import { createHash } from "node:crypto";

import { afterAll, beforeAll, beforeEach } from "vitest";

import { SCOPES } from "../shared/keys/scopes.ts";
import { type Runtime, type RuntimeOptions, takeRuntime } from "./runtime.ts";
import type { JobView } from "./views.ts";

/** Keys of two owners. `operator` also owns the objects that were put directly into the bucket. */
export const KEYS = {
  operator: `dk_operator_${"o".repeat(32)}`,
  other: `dk_other_${"x".repeat(32)}`,
  revoked: `dk_revoked_${"r".repeat(32)}`,
};

/** Secrets as in a deployment. With those of local development, the Worker only serves localhost. */
export const OWN_SECRETS = {
  R2_ACCESS_KEY_ID: "an-id-of-its-own",
  R2_SECRET_ACCESS_KEY: "a-secret-of-its-own",
};

/** The whole product on real workerd, D1, R2 and Queues, with a scripted model. Its stores are emptied for each test. */
export function startDarkroom(vars: Record<string, string> = {}, options: RuntimeOptions = {}) {
  let runtime: Runtime;

  beforeAll(async () => {
    runtime = await takeRuntime(vars, options);
  }, 60_000);
  beforeEach(() => runtime.empty(KEY_ROWS), 30_000);
  afterAll(() => runtime.release());

  /** Call the API with a key; `null` for no key. */
  async function api(path: string, init: RequestInit & { key?: string | null } = {}): Promise<Response> {
    const { key = KEYS.operator, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (key !== null) headers.set("authorization", `Bearer ${key}`);
    // Use a separate address, because tests of refusals would exceed the limit of refusals.
    if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", randomAddress());
    return whole((await runtime.worker.fetch(path, { ...rest, headers } as never)) as unknown as Response);
  }

  async function post(path: string, body: unknown, key?: string): Promise<Response> {
    return api(path, { method: "POST", body: JSON.stringify(body), ...(key !== undefined && { key }) });
  }

  /** Submit a job that must be accepted. */
  async function submit(body: unknown, key?: string): Promise<JobView> {
    const response = await post("/v1/jobs", body, key);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json<JobView>();
  }

  /** Upload a body that must be accepted. `query` is that of `POST /v1/uploads`. */
  async function upload(query: Record<string, string>, body: BodyInit): Promise<JobView> {
    const response = await api(`/v1/uploads?${new URLSearchParams(query).toString()}`, { method: "POST", body });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json<JobView>();
  }

  async function readJob(id: string, key = KEYS.operator): Promise<JobView> {
    return (await api(`/v1/jobs/${id}`, { key })).json<JobView>();
  }

  /** Wait until the job meets a condition. */
  async function untilJob(id: string, isDone: (job: JobView) => boolean = hasEnded, key?: string): Promise<JobView> {
    return until(
      () => readJob(id, key),
      (job) => isDone(job),
    );
  }

  return {
    /** The address of the harness: `http://host:port`. */
    origin: () => runtime.origin,
    /** Send a request unchanged, with its headers, to any host. */
    raw: async (url: string, init: RequestInit) =>
      whole((await runtime.worker.fetch(url, init as never)) as unknown as Response),
    api,
    post,
    submit,
    upload,
    readJob,
    untilJob,
    bindings: () => runtime.env,
    /** Deploy again with other variables, for the rest of the test. */
    configure: (more: Record<string, string>) => runtime.configure(more),
    logs: () => runtime.server.getLogs(),
    /** Run maintenance as cron does at this time. */
    maintain: (at = new Date()) => runtime.worker.scheduled({ cron: "* * * * *", scheduledTime: at }),
    /** Return the calls of the models, and how often each was made. */
    async modelCalls(): Promise<{
      calls: Record<string, number>;
      /** When the signal of a call ended it, in epoch milliseconds. */
      stopped: Record<string, number>;
      /** The messages of each chat by its last message, and the number of tokens in its stream. */
      chats: Record<string, readonly { role: string; content: string }[]>;
      tokensMade: Record<string, number>;
      /** The gateway that the last call went through. */
      gateways: Record<string, unknown>;
      /** The requests to each model: one for each set of fields. */
      requests: readonly { model: string; inputs: unknown; form?: Record<string, unknown> }[];
      mostRunning: number;
    }> {
      const response = await runtime.models.fetch("http://ai/");
      return (await response.json()) as never;
    },
    /** Let every model answer in the shape of its contract with this number, modulo their count; null for each in turn. */
    async setShape(number: number | null): Promise<void> {
      await runtime.models.fetch(`http://ai/?shape=${number ?? ""}`);
    },
    /** Let the next call to a model be refused with this code, whatever it asks for. */
    async refuseNextCall(code: number): Promise<void> {
      await runtime.models.fetch(`http://ai/?refuse=${code}`);
    },
    /** Move a message to the dead-letter queue, as the platform does after its last retry. */
    async giveUpOn(body: unknown): Promise<void> {
      const { DEAD_LETTERS } = await runtime.models.getEnv();
      await DEAD_LETTERS.send(body);
    },
    /** Put an object and announce it as R2 does in production. */
    async putAndAnnounce(key: string, body: string | Uint8Array, customMetadata: Record<string, string> = {}) {
      const { MEDIA, UPLOADS } = runtime.env;
      const object = await MEDIA.put(key, body as string, { customMetadata });
      const event = createEvent(key, object.size, object.etag);
      await UPLOADS.send(event);
      return { event, etag: object.etag };
    },
  };
}

/** An R2 event notification. */
export function createEvent(key: string, size: number, eTag: string, action = "PutObject") {
  return {
    account: "0",
    action,
    bucket: "darkroom-media",
    object: { key, size, eTag },
    eventTime: "2026-11-23T00:00:00.000Z",
  };
}

/** Poll until a reading meets a condition; fails with the last reading. The polls become less frequent. */
export async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const start = Date.now();
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    const waitedMs = Date.now() - start;
    if (waitedMs > timeoutMs) throw new Error(`still not so after ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(25 + waitedMs / 4, 250)));
  }
}

/**
 * Return a response whose body has been read, unless it is a stream of events. An unread body is cancelled when the garbage collector
 * frees the response that the harness has wrapped. A test that does something else first would then sometimes fail.
 */
async function whole(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const body = [204, 304].includes(status) ? null : await response.arrayBuffer();
  return new Response(body, { status, headers: new Headers([...headers]) });
}

function randomAddress(): string {
  return [10, ...crypto.getRandomValues(new Uint8Array(3))].join(".");
}

function hasEnded(job: JobView): boolean {
  return ["completed", "failed", "cancelled"].includes(job.state);
}

/** The rows of the keys with which every test begins. */
const KEY_ROWS = Object.entries(KEYS).map(([name, key]) => ({
  id: name,
  owner_id: name,
  label: "test",
  secret_hash: createHash("sha256")
    .update(key.split("_").at(-1) ?? "")
    .digest("hex"),
  created_at: 0,
  revoked_at: name === "revoked" ? 1 : null,
  scopes: JSON.stringify(SCOPES),
}));
