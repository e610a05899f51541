import { createHash } from "node:crypto";

import { afterAll, beforeAll, beforeEach } from "vitest";

import { SCOPES } from "../shared/keys/scopes.ts";
import { type Runtime, type RuntimeOptions, takeRuntime } from "./runtime.ts";
import type { JobView } from "./views.ts";

/** Keys of two owners. `operator` also owns what was put straight into the bucket. */
export const KEYS = {
  operator: `dk_operator_${"o".repeat(32)}`,
  other: `dk_other_${"x".repeat(32)}`,
  revoked: `dk_revoked_${"r".repeat(32)}`,
};

/** Of a deployment's own: with those of local development it serves localhost alone. */
export const OWN_SECRETS = {
  R2_ACCESS_KEY_ID: "an-id-of-its-own",
  R2_SECRET_ACCESS_KEY: "a-secret-of-its-own",
};

/** The whole product on real workerd, D1, R2 and Queues, with a scripted model: emptied for each test. */
export function startDarkroom(vars: Record<string, string> = {}, options: RuntimeOptions = {}) {
  let runtime: Runtime;

  beforeAll(async () => {
    runtime = await takeRuntime(vars, options);
  }, 60_000);
  beforeEach(() => runtime.empty(KEY_ROWS), 30_000);
  afterAll(() => runtime.release());

  /** Call the API with a key; `null` for none. */
  async function api(path: string, init: RequestInit & { key?: string | null } = {}): Promise<Response> {
    const { key = KEYS.operator, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (key !== null) headers.set("authorization", `Bearer ${key}`);
    // An address of its own: else tests of refusals would run into the limit of refusals.
    if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", randomAddress());
    return whole((await runtime.worker.fetch(path, { ...rest, headers } as never)) as unknown as Response);
  }

  async function post(path: string, body: unknown, key?: string): Promise<Response> {
    return api(path, { method: "POST", body: JSON.stringify(body), ...(key !== undefined && { key }) });
  }

  /** Submit a job that must be taken. */
  async function submit(body: unknown, key?: string): Promise<JobView> {
    const response = await post("/v1/jobs", body, key);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json<JobView>();
  }

  /** Upload a body that must be taken. `query` is that of `POST /v1/uploads`. */
  async function upload(query: Record<string, string>, body: BodyInit): Promise<JobView> {
    const response = await api(`/v1/uploads?${new URLSearchParams(query).toString()}`, { method: "POST", body });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json<JobView>();
  }

  async function readJob(id: string, key = KEYS.operator): Promise<JobView> {
    return (await api(`/v1/jobs/${id}`, { key })).json<JobView>();
  }

  /** Wait until the job is as wanted. */
  async function untilJob(id: string, isDone: (job: JobView) => boolean = hasEnded, key?: string): Promise<JobView> {
    return until(
      () => readJob(id, key),
      (job) => isDone(job),
    );
  }

  return {
    /** Where the harness listens: `http://host:port`. */
    origin: () => runtime.origin,
    /** A request as it stands, headers and all, to any host. */
    raw: async (url: string, init: RequestInit) =>
      whole((await runtime.worker.fetch(url, init as never)) as unknown as Response),
    api,
    post,
    submit,
    upload,
    readJob,
    untilJob,
    bindings: () => runtime.env,
    /** Deploy anew with other variables, for the rest of the test. */
    configure: (more: Record<string, string>) => runtime.configure(more),
    logs: () => runtime.server.getLogs(),
    /** Run maintenance as cron would at this time. */
    maintain: (at = new Date()) => runtime.worker.scheduled({ cron: "* * * * *", scheduledTime: at }),
    /** What the model was asked, and how often. */
    async modelCalls(): Promise<{
      calls: Record<string, number>;
      /** When a call was ended by its signal, in epoch milliseconds. */
      stopped: Record<string, number>;
      /** What each chat was told, by its last message, and how many tokens of its stream were made. */
      chats: Record<string, readonly { role: string; content: string }[]>;
      tokensMade: Record<string, number>;
      /** The gateway that the last call went through. */
      gateways: Record<string, unknown>;
      /** What each model was asked: one request for each set of fields. */
      requests: readonly { model: string; inputs: unknown; form?: Record<string, unknown> }[];
      mostRunning: number;
    }> {
      const response = await runtime.models.fetch("http://ai/");
      return (await response.json()) as never;
    },
    /** From now on every model answers in its contract's shape with this number, counted round; null for each in turn. */
    async setShape(number: number | null): Promise<void> {
      await runtime.models.fetch(`http://ai/?shape=${number ?? ""}`);
    },
    /** Move a message to the dead-letter queue, as the platform does when its retries are spent. */
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

/** Poll until a reading is as wanted; fails with the last reading. What takes longer is asked for less often. */
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
 * A response with its body read, unless it is a stream of events. Left unread, the body is cancelled when the garbage collector
 * takes the response that the harness has wrapped it from: a test that looks at something else first would fail at times.
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

/** Rows of the keys that every test begins with. */
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
