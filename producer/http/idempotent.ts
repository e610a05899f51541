// The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header).
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { DescribeRouteOptions } from "hono-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import { beginRequest, keepAnswer, type KeyedRequest, releaseRequest } from "../../shared/db/keys/idempotency.ts";
import { createJournal } from "../../shared/jobs/journal.ts";
import type { App } from "./app.ts";
import { problem, type ProblemCode } from "./problem.ts";
import { sha256Hex } from "../../shared/hash.ts";

/** The string of a structured field. `BARE` is the form without quotes that many clients send. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/;
const BARE = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;

/** Whether the answer is temporary, and must not be kept. */
const isPassing = (c: Context<App>) => c.res.status >= 500 || c.res.status === 429 || c.get("isPassing") === true;

export const IDEMPOTENCY_PROBLEMS = [
  "invalid_idempotency_key",
  "idempotency_in_flight",
  "idempotency_mismatch",
] as const satisfies ProblemCode[];

export const IDEMPOTENCY_PARAMETER = {
  in: "header",
  name: "Idempotency-Key",
  description: "makes the request safe to repeat for 24 hours: a repeated request gets the first answer again",
  schema: { type: "string", minLength: 1, maxLength: 257, pattern: BARE.source },
} as const satisfies NonNullable<DescribeRouteOptions["parameters"]>[number];

/**
 * Give a repeated request the answer of the first one. A dry run creates nothing, so its answer is not kept.
 * @param contentOf the content that two requests must share to be the same, besides method, path and query.
 */
export function idempotent(contentOf: (c: Context<App>) => Promise<BufferSource> = bodyOf) {
  return createMiddleware<App>(async (c, next) => {
    const header = c.req.header("idempotency-key");
    if (header === undefined || c.req.query("dryRun") === "true") return next();
    const key = keyOf(header);
    if (key === null) {
      const detail =
        'Send 1 to 255 printable ASCII characters, as in Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".';
      return problem(c, { code: "invalid_idempotency_key", detail });
    }
    const db = c.env.DB;
    const { pathname, search } = new URL(c.req.url);
    const request: KeyedRequest = {
      ownerId: c.get("ownerId"),
      key,
      operation: `${c.req.method} ${pathname}`,
      requestHash: await hashOf(search, await contentOf(c)),
    };
    const runId = crypto.randomUUID();
    const begun = await beginRequest(db, request, { runId, now: Date.now() });
    switch (begun.type) {
      case "in_flight": {
        const detail = `The first request with the key '${key}' has not been answered yet; send the request again in a moment.`;
        return problem(c, { code: "idempotency_in_flight", detail }, { "retry-after": "1" });
      }
      case "mismatch": {
        const detail = `The key '${key}' was sent with a different ${begun.operation}; use a new key for a new request.`;
        return problem(c, { code: "idempotency_mismatch", detail });
      }
      case "answered": {
        const { status, headers, body } = begun.answer;
        return c.body(body, status as ContentfulStatusCode, { ...headers, "idempotency-replayed": "true" });
      }
      case "mine":
        c.set("seed", begun.seed);
    }
    await next();
    try {
      if (isPassing(c)) return await releaseRequest(db, request, runId);
      const headers = Object.fromEntries(c.res.headers);
      await keepAnswer(db, request, runId, { status: c.res.status, headers, body: await c.res.clone().text() });
    } catch (error) {
      // The request itself has succeeded. If the client repeats it after a minute, it runs again and finds by its seed what this run made.
      createJournal(c.env).fault({ event: "request.failed" }, error, { path: pathname });
    }
  });
}

/** Refuse the header where the answer is not kept: a client that relies on it would pay for each repeated request. */
export const refuseIdempotencyKey = createMiddleware<App>(async (c, next) => {
  if (c.req.header("idempotency-key") === undefined) return next();
  const detail =
    "The answer is not stored, so a repeated request asks the model again, and pays again. Leave the header out, or submit a job instead.";
  return problem(c, { code: "idempotency_unsupported", detail });
});

function keyOf(header: string): string | null {
  const [, quoted] = QUOTED.exec(header) ?? [];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, "$1");
  return BARE.test(header) ? header : null;
}

async function bodyOf(c: Context<App>): Promise<BufferSource> {
  return c.req.arrayBuffer();
}

async function hashOf(search: string, content: BufferSource): Promise<string> {
  const head = new TextEncoder().encode(`${search}\n`);
  return sha256Hex(await new Blob([head, content]).arrayBuffer());
}
