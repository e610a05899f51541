// A stand-in for the platform's REST API, for the real wrangler. It was not compared with the platform. Each file names the pages
// and the wrangler files from which it was written, and its unverified parts. An unknown route is refused, so that a
// call without a source fails the test. Its code 7003 is in the API's own schema ("No route for the URI").
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DatabaseSync } from "node:sqlite";

import { createD1 } from "./d1.ts";
import { createQueues } from "./queues.ts";
import { bucketKey, createR2 } from "./r2.ts";
import { type Answer, type Call, ok, page, refusal } from "./route.ts";
import { createVectorize } from "./vectorize.ts";
import { type Binding, createWorkers } from "./workers.ts";

export interface PlatformOptions {
  readonly plan?: "free" | "paid";
  readonly isR2On?: boolean;
  readonly subdomain?: string | null;
  /** Whether the login can also use another account. */
  readonly hasSecondAccount?: boolean;
}

export const ACCOUNT_ID = "acc";
export const SECOND_ACCOUNT_ID = "second";

export async function startPlatform(given: PlatformOptions = {}) {
  const options = {
    plan: "paid" as "free" | "paid",
    isR2On: true,
    subdomain: "acme" as string | null,
    hasSecondAccount: false,
    ...given,
  };
  const { queues, route: queueRoute } = createQueues();
  const { buckets, route: bucketRoute } = createR2(options, queues);
  const { databases, route: databaseRoute } = createD1();
  const { indexes, route: indexRoute } = createVectorize();
  const isThere = ({ type, bucket_name, queue_name, index_name, ...binding }: Binding): boolean => {
    if (type === "r2_bucket") return buckets.has(bucketKey(bucket_name ?? "", binding.jurisdiction));
    if (type === "queue") return queues.has(queue_name ?? "");
    if (type === "vectorize") return indexes.has(index_name ?? "");
    if (type !== "d1") return true;
    return [...databases.values()].some(({ uuid }) => uuid === (binding.database_id ?? binding.id));
  };
  const workers = createWorkers(Object.assign(options, { isThere }));
  const routes = [queueRoute, bucketRoute, databaseRoute, indexRoute, workers.route];
  const calls: string[] = [];
  let refuse: (call: string, body: string) => Answer | null = () => null;
  let loses: (call: string, body: string) => boolean = () => false;

  async function answer(call: Call): Promise<Answer> {
    const name = `${call.method} ${call.path}`;
    calls.push(name);
    const refused = refuse(name, textOf(call));
    if (refused !== null) return refused;
    const json = () => JSON.parse(textOf(call)) as Record<string, unknown>;
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
      const jurisdiction = request.headers["cf-r2-jurisdiction"];
      const call = {
        method: request.method ?? "GET",
        path: path.slice(`/accounts/${ACCOUNT_ID}`.length),
        query: url.searchParams,
        body: new Uint8Array(Buffer.concat(chunks)),
        contentType: request.headers["content-type"] ?? "",
        jurisdiction: typeof jurisdiction === "string" ? jurisdiction : null,
      };
      const isOfAccount = path.startsWith(`/accounts/${ACCOUNT_ID}/`);
      const { status, body } = isOfAccount ? await answer(call) : whoAsks(path, options.hasSecondAccount);
      if (isOfAccount && loses(`${call.method} ${call.path}`, textOf(call))) {
        request.socket.destroy();
        return;
      }
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    /** The state of the account, which a test can change. */
    options,
    /** The calls for the account, as `METHOD /path`. */
    calls,
    /** Refuse calls from now on, by `METHOD /path` and the body; `() => null` refuses nothing. */
    refuseWhen(next: typeof refuse) {
      refuse = next;
    },
    /** From now on these calls take effect, and their answers never arrive. */
    loseAnswersOf(next: typeof loses) {
      loses = next;
    },
    queues,
    buckets,
    databases,
    indexes,
    workers,
    /** Return everything that a second run must not change: all except the ids of versions. */
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

function textOf({ body }: Call): string {
  return new TextDecoder().decode(body);
}

/** Answer wrangler 4.164.0's login queries (workers-auth): developers.cloudflare.com/api/resources/user/, /accounts/ and /memberships. */
function whoAsks(path: string, hasSecondAccount: boolean): Answer {
  const accounts = [
    { id: ACCOUNT_ID, name: "Acme" },
    ...(hasSecondAccount ? [{ id: SECOND_ACCOUNT_ID, name: "Second" }] : []),
  ];
  const roles = ["Super Administrator - All Privileges"];
  switch (path) {
    case "/user/tokens/verify":
      return ok({ id: "token", status: "active" });
    case "/user":
      return ok({ id: "user", email: "someone@example.com" });
    case "/memberships":
      return page(accounts.map((account) => ({ id: `membership-${account.id}`, account, roles })));
    case "/accounts":
      return page(accounts);
    default:
      return refusal(404, 7003, `No route for ${path}`);
  }
}
