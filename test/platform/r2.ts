// Buckets, CORS, lifecycle and event notifications. Paths, headers and bodies: wrangler 4.164.0 (src/r2/helpers/bucket.ts,
// notification.ts) and developers.cloudflare.com/api/resources/r2/subresources/buckets/. A bucket's name is its jurisdiction's own:
// without the header `cf-r2-jurisdiction` it is not found (developers.cloudflare.com/r2/reference/data-location/). Documented codes:
// 10006 and 10042 (developers.cloudflare.com/r2/api/error-codes/). Reported in logs of several projects, with these texts: 10004 (the
// page has 10073 for it), 10059 and 11015. That rules may not overlap: developers.cloudflare.com/r2/buckets/event-notifications/;
// unverified: its code 11020, 10000 for a method and 11000 for no rules.
import { type Route, match, newId, ok, refusal } from "./route.ts";
import type { Queue } from "./queues.ts";

export interface Bucket {
  readonly name: string;
  readonly location: string;
  readonly jurisdiction: string | null;
  cors: unknown;
  lifecycle: unknown[];
  notifications: readonly { readonly queueId: string; readonly rule: Rule }[];
}

interface Rule {
  readonly ruleId: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly actions: readonly string[];
}

/** R2's own rule for a new bucket. */
const DEFAULT_LIFECYCLE = {
  id: "Default Multipart Abort Rule",
  enabled: true,
  conditions: { prefix: "" },
  abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 604_800 } },
};

const NO_BUCKET = refusal(404, 10006, "The specified bucket does not exist.");

/** Return the key of a bucket among all. Each jurisdiction can have the same name. */
export function bucketKey(name: string, jurisdiction: string | null | undefined): string {
  return jurisdiction ? `${jurisdiction}/${name}` : name;
}

/** @param options can change while it runs, for example when R2 is enabled. */
export function createR2(options: { isR2On: boolean }, queues: Map<string, Queue>) {
  const buckets = new Map<string, Bucket>();
  const view = ({ name, location, jurisdiction }: Bucket) => ({
    name,
    location,
    jurisdiction: jurisdiction ?? "default",
    creation_date: "2026-11-29T08:00:00.000Z",
    storage_class: "Standard",
  });

  const route: Route = ({ method, path, jurisdiction }, json) => {
    if (!path.startsWith("/r2/") && !path.startsWith("/event_notifications/r2/")) return undefined;
    if (!options.isR2On) return refusal(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
    if (path === "/r2/buckets") {
      if (method === "GET") {
        const all = [...buckets.values()].filter((bucket) => bucket.jurisdiction === jurisdiction);
        return ok({ buckets: all.map(view) });
      }
      const { name, locationHint = "weur" } = json() as { name: string; locationHint?: string };
      const key = bucketKey(name, jurisdiction);
      if (buckets.has(key))
        return refusal(409, 10004, "The bucket you tried to create already exists, and you own it.");
      const empty = { cors: null, lifecycle: [DEFAULT_LIFECYCLE], notifications: [] };
      const bucket = { name, location: locationHint, jurisdiction, ...empty };
      buckets.set(key, bucket);
      return ok(view(bucket));
    }
    const [name = "", part] =
      match(path, "/r2/buckets/:name") ?? match(path, "/r2/buckets/:name/(cors|lifecycle)") ?? notified(path) ?? [];
    const bucket = buckets.get(bucketKey(name, jurisdiction));
    if (bucket === undefined) return NO_BUCKET;
    if (part === "cors") {
      if (method === "PUT") bucket.cors = json();
      if (method === "DELETE") bucket.cors = null;
      if (method === "DELETE") return ok({});
      return bucket.cors === null ? refusal(404, 10059, "The CORS configuration does not exist.") : ok(bucket.cors);
    }
    if (part === "lifecycle") {
      if (method === "PUT") bucket.lifecycle = json()["rules"] as unknown[];
      return ok({ rules: bucket.lifecycle });
    }
    return path.startsWith("/event_notifications/") ? notifications(method, path, bucket, json) : ok(view(bucket));
  };

  function notifications(method: string, path: string, bucket: Bucket, json: () => Record<string, unknown>) {
    const [, queueId] = match(path, "/event_notifications/r2/:bucket/configuration/queues/:queue") ?? [];
    if (queueId === undefined) {
      if (bucket.notifications.length === 0) return refusal(404, 11015, "no configurations found for bucket.");
      const all = bucket.notifications.map(({ queueId: id, rule }) => ({
        queueId: id,
        queueName: [...queues.values()].find((queue) => queue.queue_id === id)?.queue_name,
        rules: [rule],
      }));
      return ok({ bucketName: bucket.name, queues: all });
    }
    if (method === "DELETE") {
      const { ruleIds } = json() as { ruleIds: readonly string[] };
      bucket.notifications = bucket.notifications.filter(({ rule }) => !ruleIds.includes(rule.ruleId));
      return ok({});
    }
    if (method !== "PUT") return refusal(405, 10000, "Method not allowed");
    const [asked] = json()["rules"] as Omit<Rule, "ruleId">[];
    if (asked === undefined) return refusal(400, 11000, "No rules");
    const overlaps = bucket.notifications.some(
      ({ rule }) =>
        rule.actions.some((action) => asked.actions.includes(action)) &&
        ((rule.prefix ?? "").startsWith(asked.prefix ?? "") || (asked.prefix ?? "").startsWith(rule.prefix ?? "")),
    );
    if (overlaps) return refusal(400, 11020, "The rule overlaps with an existing rule of this bucket.");
    bucket.notifications = [...bucket.notifications, { queueId, rule: { ...asked, ruleId: newId() } }];
    return ok({});
  }

  return { buckets, route };
}

function notified(path: string): readonly string[] | null {
  return (
    match(path, "/event_notifications/r2/:bucket/configuration") ??
    match(path, "/event_notifications/r2/:bucket/configuration/queues/:queue")
  );
}
