// A Worker that the harness controls from outside. Its variables can change and its stores can be emptied while it runs, so one
// runtime serves many test files.

import { emptyBucket, emptyTables, readTables } from "./empty-stores.ts";
import { runCall } from "./remote-d1.ts";

/** Requests to this host come from the harness. */
export const CONTROL_URL = "http://harness.test/";

/** The address for a `D1Call`. */
export const DATABASE_URL = `${CONTROL_URL}database`;

/** The name of a binding and of a variable. While it is `true`, a key may make only few requests a minute. */
export const FEW_REQUESTS = "TEST_FEW_REQUESTS";
/** So few that even a slow machine sends the requests of two minutes within two minutes. */
export const FEW_REQUESTS_A_MINUTE = 40;

/** The name of a binding of Cloudflare Images and of a variable. While it is `true`, pictures are converted. */
export const IMAGES = "TEST_IMAGES";

/** The body of a request to `CONTROL_URL`. */
export interface Control {
  /** Variables that replace or extend those of the configuration. */
  readonly vars: Readonly<Record<string, string>>;
  /** Rows of `api_keys` with which a test begins. Without them the stores stay as they are. */
  readonly keys?: readonly Readonly<Record<string, string | number | null>>[];
}

export type Handlers = Required<Pick<ExportedHandler<Env>, "fetch" | "queue" | "scheduled">>;

export function controlled(worker: Handlers): Handlers {
  let vars: Control["vars"] = {};
  let tables: readonly string[] | undefined;
  /** Older messages belong to an earlier test. A late wake-up would lease a task that this test has just inserted. */
  let emptiedAt = 0;

  function withVars(env: Env): Env {
    const limiter = vars[FEW_REQUESTS] === "true" ? { REQUESTS: Reflect.get(env, FEW_REQUESTS) as RateLimit } : {};
    const images = vars[IMAGES] === "true" ? { IMAGES: Reflect.get(env, IMAGES) as ImagesBinding } : {};
    return { ...env, ...vars, ...limiter, ...images };
  }

  async function emptyDatabase(db: D1Database, keys: NonNullable<Control["keys"]>): Promise<void> {
    tables ??= await readTables(db);
    await db.batch([
      ...emptyTables(db, tables),
      ...keys.map((key) => {
        const columns = Object.keys(key);
        const places = columns.map(() => "?").join();
        return db.prepare(`INSERT INTO api_keys (${columns.join()}) VALUES (${places})`).bind(...Object.values(key));
      }),
    ]);
  }

  return {
    async fetch(request, env, context) {
      if (!request.url.startsWith(CONTROL_URL)) return worker.fetch(request, withVars(env), context);
      if (request.url === DATABASE_URL) return Response.json(await runCall(env.DB, await request.json()));
      const control: Control = await request.json();
      ({ vars } = control);
      if (control.keys) {
        emptiedAt = Date.now();
        await Promise.all([emptyDatabase(env.DB, control.keys), emptyBucket(env.MEDIA)]);
      }
      return new Response(null, { status: 204 });
    },
    async queue(batch, env, context) {
      const current = since(batch, emptiedAt);
      if (current.messages.length > 0) await worker.queue(current, withVars(env), context);
    },
    scheduled: (controller, env, context) => worker.scheduled(controller, withVars(env), context),
  };
}

/** Return the batch without messages that were sent earlier, which are acknowledged. */
function since(batch: MessageBatch, sentAt: number): MessageBatch {
  const messages = batch.messages.filter(({ timestamp }) => timestamp.getTime() >= sentAt);
  if (messages.length === batch.messages.length) return batch;
  for (const message of batch.messages) if (!messages.includes(message)) message.ack();
  return {
    queue: batch.queue,
    metadata: batch.metadata,
    messages,
    ackAll: () => messages.forEach((message) => message.ack()),
    retryAll: (options) => messages.forEach((message) => message.retry(options)),
  };
}
