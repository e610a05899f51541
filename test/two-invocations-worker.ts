// The product in one isolate whose batches begin when a test says so: two requests to `/batch` are two consumers at once.
import darkroom from "../worker.ts";
import type { TaskMessage } from "../shared/jobs/task.ts";

export default {
  ...darkroom,
  async queue(batch) {
    batch.ackAll();
  },
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/batch") return darkroom.fetch(request, env, context);
    const messages = Array.from({ length: Number(searchParams.get("messages")) }, (_, index) => ({
      id: String(index),
      timestamp: new Date(),
      attempts: 1,
      body: { v: 1 } satisfies TaskMessage,
      ack: () => {},
      retry: () => {},
    }));
    await darkroom.queue(
      { queue: "media-tasks", messages, ackAll: () => {}, retryAll: () => {} } as unknown as MessageBatch,
      env,
    );
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
