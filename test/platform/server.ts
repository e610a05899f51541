// A stand-in for the platform's REST API, for the real wrangler. It is built from what Cloudflare publishes: each file names its
// pages. What no route knows is refused, so that a call nobody has read about fails the test.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DatabaseSync } from "node:sqlite";

import { createD1 } from "./d1.ts";
import { createQueues } from "./queues.ts";
import { createR2 } from "./r2.ts";
import { type Answer, type Call, ok, page, refusal } from "./route.ts";
import { createVectorize } from "./vectorize.ts";
import { type Binding, createWorkers } from "./workers.ts";

export interface PlatformOptions {
  readonly plan?: "free" | "paid";
  readonly isR2On?: boolean;
  readonly subdomain?: string | null;
}

export const ACCOUNT_ID = "acc";

export async function startPlatform(given: PlatformOptions = {}) {
  const options = { plan: "paid" as "free" | "paid", isR2On: true, subdomain: "acme" as string | null, ...given };
  const { queues, route: queueRoute } = createQueues();
  const { buckets, route: bucketRoute } = createR2(options, queues);
  const { databases, route: databaseRoute } = createD1();
  const { indexes, route: indexRoute } = createVectorize();
  const isThere = ({ type, bucket_name, queue_name, index_name, ...binding }: Binding): boolean => {
    if (type === "r2_bucket") return buckets.has(bucket_name ?? "");
    if (type === "queue") return queues.has(queue_name ?? "");
    if (type === "vectorize") return indexes.has(index_name ?? "");
    if (type !== "d1") return true;
    return [...databases.values()].some(({ uuid }) => uuid === (binding.database_id ?? binding.id));
  };
  const workers = createWorkers(Object.assign(options, { isThere }));
  const routes = [queueRoute, bucketRoute, databaseRoute, indexRoute, workers.route];
  const calls: string[] = [];
  let refuse: (call: string) => Answer | null = () => null;

  async function answer(call: Call): Promise<Answer> {
    const name = `${call.method} ${call.path}`;
    calls.push(name);
    const refused = refuse(name);
    if (refused !== null) return refused;
    const json = () => JSON.parse(new TextDecoder().decode(call.body)) as Record<string, unknown>;
    for (const route of routes) {
      const found = await route(call, json);
      if (found !== undefined) return found;
    }
    return refusal(404, 7003, `No route for ${name}`);
  }

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const url = new URL(request.url ?? "/", "http://platform");
      const path = url.pathname.replace(/^\/client\/v4/, "");
      const { status, body } = path.startsWith(`/accounts/${ACCOUNT_ID}/`)
        ? await answer({
            method: request.method ?? "GET",
            path: path.slice(`/accounts/${ACCOUNT_ID}`.length),
            query: url.searchParams,
            body: new Uint8Array(Buffer.concat(chunks)),
            contentType: request.headers["content-type"] ?? "",
          })
        : whoAsks(path);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    /** The account's, to be changed by a test. */
    options,
    /** Of the account, as `METHOD /path`. */
    calls,
    /** From now on; `() => null` refuses nothing. */
    refuseWhen(next: typeof refuse) {
      refuse = next;
    },
    queues,
    buckets,
    databases,
    indexes,
    workers,
    /** What a second run may not change: all but ids of versions. */
    snapshot: () =>
      JSON.stringify([
        [...buckets.values()],
        [...queues.values()],
        [...indexes.values()],
        [...databases.values()].map(({ uuid, sql }) => [uuid, rowsOf(sql)]),
        [...workers.scripts.keys(), ...workers.deployed, ...workers.crons],
      ]),
    close: () => new Promise((resolve) => server.close(resolve)),
  };

  function rowsOf(sql: DatabaseSync): unknown {
    const { total } = sql.prepare("SELECT count(*) AS total FROM sqlite_master").get() as { total: number };
    if (total === 0) return [];
    return [total, sql.prepare("SELECT id, name FROM d1_migrations").all()];
  }
}

/** developers.cloudflare.com/api/resources/user/, /accounts/ and /memberships. */
function whoAsks(path: string): Answer {
  const account = { id: ACCOUNT_ID, name: "Acme" };
  switch (path) {
    case "/user/tokens/verify":
      return ok({ id: "token", status: "active" });
    case "/user":
      return ok({ id: "user", email: "someone@example.com" });
    case "/memberships":
      return page([{ id: "membership", account, roles: ["Super Administrator - All Privileges"] }]);
    case "/accounts":
      return page([account]);
    default:
      return refusal(404, 7003, `No route for ${path}`);
  }
}
