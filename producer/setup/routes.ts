import { type Context, Hono } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";

import type { Key } from "../../shared/db/keys/keys.ts";
import { countTry, insertFirstKey, isSetUp } from "../../shared/db/keys/setup.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";
import type { App } from "../http/app.ts";
import { newKeyId, newSecret } from "../http/auth.ts";
import { describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { type Problem, problem } from "../http/problem.ts";
import { FirstKey } from "../keys/schema.ts";
import { ALREADY_SET_UP, HOW_TO_OPEN, isUsableToken, keyPage, setupPage, type SetupState } from "./page.ts";

/** For whoever deployed, and so knows the secret `SETUP_TOKEN`: the first admin key. Without that secret nothing is open. */
export const setup = new Hono<App>();

const MAX_TRIES_A_MINUTE = { ofAddress: 5, ofAll: 60 };
const A_MINUTE_SECONDS = 60;

const tags = ["service"];
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
};

setup.get(
  "/",
  describe({
    operationId: "readSetup",
    summary: "A page that takes the setup token",
    tags,
    answers: { 200: { description: "the page", media: ["text/html"] } },
  }),
  async (c) => c.html(setupPage(await stateOf(c.env)), 200, HEADERS),
);

const FORM: NonNullable<DescribeRouteOptions["requestBody"]> = {
  content: {
    "application/x-www-form-urlencoded": {
      schema: { type: "object", properties: { token: { type: "string" } }, required: ["token"] },
    },
  },
};

/** A browser is answered with a page, anybody else in JSON. */
setup.post(
  "/",
  describe({
    operationId: "setUp",
    summary: "Exchange the setup token for the first admin key, once",
    tags,
    requestBody: FORM,
    answers: { 201: { description: "the key", schema: FirstKey, media: ["text/html"] } },
    problems: [
      "invalid_request",
      "body_too_large",
      "wrong_setup_token",
      "already_set_up",
      "rate_limited",
      "setup_closed",
    ],
  }),
  limitBody,
  async (c) => {
    const refusal = await refuse(c);
    if (refusal !== null) return refused(c, refusal);
    const now = Date.now();
    const { secret, secretHash } = await newSecret();
    const key = { ...firstKey(c.env.OPERATOR_ID, now), secretHash };
    const isFirst = await insertFirstKey(c.env.DB, key, { ownerId: key.ownerId, actor: "setup" });
    if (!isFirst) return refused(c, DONE);
    const shown = `dk_${key.id}_${secret}`;
    return wantsPage(c) ? c.html(keyPage(shown), 201, HEADERS) : c.json({ key: shown }, 201, HEADERS);
  },
);

const DONE: Problem = { code: "already_set_up", detail: ALREADY_SET_UP };

async function stateOf({ DB, OPERATOR_ID, SETUP_TOKEN }: Env): Promise<SetupState> {
  if (await isSetUp(DB, OPERATOR_ID)) return "done";
  return isUsableToken(SETUP_TOKEN) ? "open" : "unset";
}

/** @returns null for who may have the key. */
async function refuse(c: Context<App>): Promise<Problem | null> {
  const { SETUP_TOKEN: expected, DB, OPERATOR_ID } = c.env;
  if (await isSetUp(DB, OPERATOR_ID)) return DONE;
  if (!isUsableToken(expected)) return { code: "setup_closed", detail: HOW_TO_OPEN };
  // As browsers and curl's -d send it. The runtime's reader of multipart forms has no limit on fields.
  const token = new URLSearchParams(await c.req.text()).get("token");
  if (token === null || token === "") {
    return { code: "invalid_request", detail: "Send the form's field 'token'." };
  }
  // Only the platform writes this header; on a laptop there is none.
  const tries = await countTry(DB, c.req.header("cf-connecting-ip") ?? "", Date.now());
  if (tries.ofAddress > MAX_TRIES_A_MINUTE.ofAddress || tries.ofAll > MAX_TRIES_A_MINUTE.ofAll) {
    const detail = "Too many tokens have been tried. Wait a minute.";
    return { code: "rate_limited", detail, retryAfterSeconds: A_MINUTE_SECONDS };
  }
  if (await isSame(token, expected)) return null;
  return { code: "wrong_setup_token", detail: "The token is not the one that SETUP_TOKEN holds." };
}

/** Hashes are compared, so that neither what is right nor how long it is can be read from the time it takes. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((text) => digest(text)));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

function firstKey(ownerId: string, now: number): Key {
  return {
    id: newKeyId(),
    ownerId,
    label: "first admin key",
    scopes: SCOPES,
    createdAt: now,
    expiresAt: null,
    revokedAt: null,
    maxConcurrentJobs: null,
    maxUploadBytesADay: null,
    uploadLimits: { maxBytes: null, contentTypes: null },
  };
}

async function refused(c: Context<App>, refusal: Problem): Promise<Response> {
  const response = problem(c, refusal, HEADERS);
  if (!wantsPage(c)) return response;
  const page = await setupPage(await stateOf(c.env), refusal.detail);
  response.headers.set("content-type", "text/html; charset=utf-8");
  return new Response(String(page), response);
}

function wantsPage(c: Context<App>): boolean {
  return c.req.header("accept")?.includes("text/html") ?? false;
}
