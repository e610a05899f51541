import type { TaskMessage } from "../shared/jobs/task.ts";
import type { Handlers } from "./controlled.ts";

/** If set to `held`, a test starts the batches: two requests to `/batch?messages=2` are two consumers at once in one isolate. */
export const BATCHES = "TEST_BATCHES";

export function withHeldBatches(worker: Handlers): Handlers {
  const isHeld = (env: Env) => Reflect.get(env, BATCHES) === "held";
  return {
    ...worker,
    async queue(batch, env, context) {
      if (isHeld(env)) batch.ackAll();
      else await worker.queue(batch, env, context);
    },
    async fetch(request, env, context) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== "/batch" || !isHeld(env)) return worker.fetch(request, env, context);
      const messages = Array.from({ length: Number(searchParams.get("messages")) }, (_, index) => ({
        id: String(index),
        timestamp: new Date(),
        attempts: 1,
        body: { v: 1 } satisfies TaskMessage,
        ack: () => {},
        retry: () => {},
      }));
      const batch = { queue: "media-tasks", messages, ackAll: () => {}, retryAll: () => {} };
      await worker.queue(batch as unknown as MessageBatch, env, context);
      return new Response("done");
    },
  };
}
