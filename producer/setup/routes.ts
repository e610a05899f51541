import { type Context, Hono } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";

import { countTry, insertFirstKey, isSetUp } from "../../shared/db/keys/setup.ts";
import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { asOperators, HOW_TO_ATTEMPT, isAttempt, keyOfAttempt, newAttempt, wasMade } from "./first-key.ts";
import { limitBody } from "../http/limit-body.ts";
import { type Problem, problem } from "../http/problem.ts";
import { FirstKey } from "../keys/schema.ts";
import { ALREADY_SET_UP, HOW_TO_OPEN, isUsableToken, keyPage, setupPage, type SetupState } from "./page.ts";
import { sha256 } from "../../shared/hash.ts";

/** The first admin key, for the person who deployed and so knows the secret `SETUP_TOKEN`. Without that secret, setup is closed. */
export const setup = new Hono<App>();

const MAX_TRIES_A_MINUTE = { ofAddress: 5, ofAll: 60 };
const A_MINUTE_SECONDS = 60;

const tags = ["service"] as const;
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
};

setup.get(
  "/",
  describe({
    operationId: "readSetup",
    summary: "Show the page that takes the setup token",
    description:
      "Shows the form that exchanges the setup token for the first admin key. It works once in a deployment.",
    tags,
    answers: { 200: { description: "the page", media: ["text/html"] } },
  }),
  async (c) => c.html(setupPage(await stateOf(c.env), newAttempt()), 200, HEADERS),
);

const FORM: NonNullable<DescribeRouteOptions["requestBody"]> = {
  content: {
    "application/x-www-form-urlencoded": {
      schema: {
        type: "object",
        properties: {
          token: { type: "string" },
          attempt: {
            type: "string",
            minLength: 32,
            maxLength: 64,
            description: "a random text; the same text gets the same key again for ten minutes",
          },
        },
        required: ["token"],
      },
    },
  },
};

/** Exchange the token. A browser gets a page, and other clients get JSON. */
setup.post(
  "/",
  describe({
    operationId: "setUp",
    summary: "Exchange the setup token for the first admin key, once",
    description:
      "Exchanges the operator's setup token for the first admin key, once. A browser gets a page, a program gets JSON.",
    tags,
    requestBody: FORM,
    answers: {
      201: {
        description: "the key",
        schema: FirstKey,
        example: { key: "dk_kc97295dc507dfa52_206fa1830faaba83e66c829bd28797fc53491d739b46b6bb" },
        media: ["text/html"],
      },
    },
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
    const form = await readForm(c);
    const refusal = await refuse(c, form);
    // The form was sent again because the answer was lost, or twice by a double click. Its sender has the token and the attempt.
    if (refusal === DONE && (await isRepeated(c.env, form)))
      return shown(c, await keyOfAttempt(form.token, form.attempt));
    if (refusal !== null) return refused(c, refusal);
    const now = Date.now();
    const key = await keyOfAttempt(form.token, form.attempt);
    const owned = asOperators(key, c.env.OPERATOR_ID, now);
    const isFirst = await insertFirstKey(c.env.DB, owned, { ownerId: owned.ownerId, actor: "setup" });
    if (isFirst || (await wasMade(c.env.DB, key, now))) return shown(c, key);
    return refused(c, DONE);
  },
);

interface Form {
  readonly token: string;
  /** Null if the client sent no attempt. */
  readonly attempt: string | null;
}

/** Read a form as browsers and curl's -d send it. Multipart forms are not read, because the runtime's reader has no limit on fields. */
async function readForm(c: Context<App>): Promise<Form> {
  const form = new URLSearchParams(await c.req.text());
  return { token: form.get("token") ?? "", attempt: form.get("attempt") };
}

function shown(c: Context<App>, { id, secret }: { id: string; secret: string }): Response | Promise<Response> {
  const key = `dk_${id}_${secret}`;
  return wantsPage(c) ? c.html(keyPage(key), 201, HEADERS) : c.json({ key }, 201, HEADERS);
}

async function isRepeated({ DB, SETUP_TOKEN }: Env, { token, attempt }: Form): Promise<boolean> {
  if (attempt === null || !isAttempt(attempt) || !isUsableToken(SETUP_TOKEN)) return false;
  // The key is looked up first, so that a wrong token takes as long as the right one: tries are not limited here.
  const isMade = await wasMade(DB, await keyOfAttempt(token, attempt), Date.now());
  return (await isSame(token, SETUP_TOKEN)) && isMade;
}

const DONE: Problem = { code: "already_set_up", detail: ALREADY_SET_UP };

async function stateOf({ DB, OPERATOR_ID, SETUP_TOKEN }: Env): Promise<SetupState> {
  if (await isSetUp(DB, OPERATOR_ID)) return "done";
  return isUsableToken(SETUP_TOKEN) ? "open" : "unset";
}

/** @returns the problem for a form that may not have the key; null if it may. */
async function refuse(c: Context<App>, { token, attempt }: Form): Promise<Problem | null> {
  const { SETUP_TOKEN: expected, DB, OPERATOR_ID } = c.env;
  if (await isSetUp(DB, OPERATOR_ID)) return DONE;
  if (!isUsableToken(expected)) return { code: "setup_closed", detail: HOW_TO_OPEN };
  if (token === "") return { code: "invalid_request", detail: "Send the form's field 'token'." };
  if (attempt !== null && !isAttempt(attempt)) return { code: "invalid_request", detail: HOW_TO_ATTEMPT };
  // Only the platform sets this header. It is absent on a laptop.
  const tries = await countTry(DB, c.req.header("cf-connecting-ip") ?? "", Date.now());
  if (tries.ofAddress > MAX_TRIES_A_MINUTE.ofAddress || tries.ofAll > MAX_TRIES_A_MINUTE.ofAll) {
    const detail = "Too many tokens have been tried. Wait a minute.";
    return { code: "rate_limited", detail, retryAfterSeconds: A_MINUTE_SECONDS };
  }
  if (await isSame(token, expected)) return null;
  return { code: "wrong_setup_token", detail: "The token does not match the secret SETUP_TOKEN." };
}

/** Compare hashes, so that the time it takes reveals neither the token nor its length. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((text) => sha256(text)));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}

async function refused(c: Context<App>, refusal: Problem): Promise<Response> {
  const response = problem(c, refusal, HEADERS);
  if (!wantsPage(c)) return response;
  const page = await setupPage(await stateOf(c.env), newAttempt(), refusal.detail);
  response.headers.set("content-type", "text/html; charset=utf-8");
  return new Response(String(page), response);
}

function wantsPage(c: Context<App>): boolean {
  return c.req.header("accept")?.includes("text/html") ?? false;
}
