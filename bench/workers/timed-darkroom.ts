// The product, with a record of when the queue took each message and when the consumer got it.
import darkroom from "../../worker.ts";

export interface Delivery {
  readonly queue: string;
  /** Epoch milliseconds, by the queue's clock and by the consumer's. Here both are the same machine's. */
  readonly sentAt: number;
  readonly deliveredAt: number;
}

let deliveries: Delivery[] = [];

export default {
  ...darkroom,
  async queue(batch, env) {
    const deliveredAt = Date.now();
    for (const { timestamp } of batch.messages) {
      deliveries.push({ queue: batch.queue, sentAt: timestamp.getTime(), deliveredAt });
    }
    await darkroom.queue(batch, env);
  },
  /** `/deliveries` returns the records and deletes them. */
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/deliveries") return darkroom.fetch(request, env, context);
    const told = deliveries;
    deliveries = [];
    return Response.json(told);
  },
} satisfies ExportedHandler<Env>;
