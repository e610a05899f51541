// Paths and bodies: wrangler 4.164.0 (src/queues/client.ts) and developers.cloudflare.com/api/resources/queues/. A consumer's Worker
// is `script_name` there and `script` in wrangler's reader, so both are sent here. Reported codes: 11009, a name that is taken, with this
// sentence in logs of several projects; 11004 (github.com/cloudflare/workers-sdk/issues/5347). Unverified: 11000, for a queue or a consumer that is not there.
import { type Route, match, newHexId, ok, page, refusal } from "./route.ts";

export interface Queue {
  readonly queue_id: string;
  readonly queue_name: string;
  consumers: Consumer[];
}

interface Consumer {
  readonly consumer_id: string;
  readonly type: "worker";
  readonly script: string;
  readonly script_name: string;
  readonly dead_letter_queue?: string;
  readonly settings: Readonly<Record<string, number>>;
}

export function createQueues() {
  const queues = new Map<string, Queue>();
  const view = (queue: Queue) => ({
    ...queue,
    created_on: "2026-11-29T08:00:00Z",
    modified_on: "2026-11-29T08:00:00Z",
    producers: [],
    producers_total_count: 0,
    consumers_total_count: queue.consumers.length,
    settings: { delivery_delay: 0, message_retention_period: 345_600 },
  });
  const route: Route = ({ method, path, query }, json) => {
    if (path === "/queues") {
      if (method === "GET") {
        const names = query.getAll("name");
        const found = [...queues.values()].filter((queue) => names.length === 0 || names.includes(queue.queue_name));
        return page(found.map(view));
      }
      const name = String(json()["queue_name"]);
      if (queues.has(name))
        return refusal(400, 11009, `Queue name '${name}' is already taken. Please use a different name and try again.`);
      const queue = { queue_id: newHexId(), queue_name: name, consumers: [] };
      queues.set(name, queue);
      return ok(view(queue));
    }
    const [id, consumerId] =
      match(path, "/queues/:id/consumers/:consumer") ??
      match(path, "/queues/:id/consumers") ??
      match(path, "/queues/:id") ??
      [];
    if (id === undefined) return undefined;
    const queue = [...queues.values()].find(({ queue_id }) => queue_id === id);
    if (queue === undefined) return refusal(404, 11000, "Queue does not exist.");
    if (!path.includes("/consumers")) return ok(view(queue));
    if (method === "GET") return ok(queue.consumers);
    const asked = json() as unknown as Consumer;
    if (method === "POST" && queue.consumers.length > 0) {
      return refusal(400, 11004, "workers.api.error.consumer_exists");
    }
    if (method === "PUT" && queue.consumers[0]?.consumer_id !== consumerId) {
      return refusal(404, 11000, "Consumer does not exist.");
    }
    const consumer = { ...asked, script: asked.script_name, consumer_id: consumerId ?? newHexId() };
    queue.consumers = [consumer];
    return ok(consumer);
  };
  return { queues, route };
}
