import { Hono } from "hono";

import { findKey, insertKey, type Key, listKeys, revokeKey } from "../../shared/db/keys/keys.ts";
import { isAccessId } from "../../shared/keys/access.ts";
import { listEndpointsOf } from "../../shared/db/webhooks/webhooks.ts";
import type { App } from "../http/app.ts";
import { actorOf, newKeyId, newSecret } from "../http/auth.ts";
import { paginate } from "../http/cursor.ts";
import { body, BODY_PROBLEMS, describe, query } from "../http/describe.ts";
import { keyView } from "./view.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { KeyQuery, KeyRequest, RevokeQuery } from "./requests.ts";
import { CreatedKey, KeyPage, OwnKey, RevokedKey } from "./schema.ts";
import { DAY_MS } from "../../shared/durations.ts";
import { CREATED_KEY, KEYS, KEY_REQUEST, OWN_KEY, REVOKED_KEY } from "./examples.ts";

export const keys = new Hono<App>();

const tags = ["keys"] as const;

/** Create a key. The operator may do so for any owner, other admins only for their own. No key outlives the key that created it. */
keys.post(
  "/",
  describe({
    operationId: "createKey",
    summary: "Create a key; only this answer shows it",
    description:
      "A key belongs to an owner, and has scopes, limits and an expiry. The answer is the only one that shows the key.",
    request: KEY_REQUEST,
    tags,
    answers: { 201: { description: "the key", schema: CreatedKey, example: CREATED_KEY } },
    problems: [...BODY_PROBLEMS, "forbidden"],
  }),
  limitBody,
  body(KeyRequest),
  async (c) => {
    const request = c.req.valid("json");
    const maker = c.get("key");
    const { label, scopes, expiresInDays, maxConcurrentJobs = null, maxUploadBytesADay = null } = request;
    const { ownerId = maker.ownerId, maxUploadBytes = null, contentTypes = null } = request;
    if (ownerId !== maker.ownerId && maker.ownerId !== c.env.OPERATOR_ID) return problem(c, NOT_THEIRS);
    // Otherwise two keys that it creates would give it twice its limit.
    const { maxConcurrentJobs: jobs, maxUploadBytesADay: bytes, uploadLimits } = maker;
    if ([jobs, bytes, uploadLimits.maxBytes, uploadLimits.contentTypes].some((limit) => limit !== null)) {
      return problem(c, LIMITED);
    }

    const now = Date.now();
    // A session of Cloudflare Access ends after some hours. The keys that a person makes do not end with it.
    const makersEnd = isAccessId(maker.id) ? null : maker.expiresAt;
    const ends = [makersEnd, expiresInDays === undefined ? null : now + expiresInDays * DAY_MS].flatMap(
      (end) => end ?? [],
    );
    const { secret, secretHash } = await newSecret();
    const key: Key = {
      id: newKeyId(),
      ownerId,
      label,
      scopes,
      createdAt: now,
      expiresAt: ends.length === 0 ? null : Math.min(...ends),
      revokedAt: null,
      maxConcurrentJobs,
      maxUploadBytesADay,
      uploadLimits: { maxBytes: maxUploadBytes, contentTypes },
    };
    await insertKey(c.env.DB, { ...key, secretHash }, actorOf(c));
    const answer: CreatedKey = { ...keyView(key, now), key: `dk_${key.id}_${secret}` };
    return c.json(answer, 201, { "cache-control": "no-store" });
  },
);

/** List keys, newest first, including revoked ones. The operator's call lists those of every owner. */
keys.get(
  "/",
  describe({
    operationId: "listKeys",
    summary: "List keys, newest first: your own, or for the operator those of every owner",
    description: "Shows everything about keys except the keys themselves.",
    tags,
    answers: { 200: { description: "a page", schema: KeyPage, example: KEYS } },
    problems: ["invalid_request", "forbidden"],
  }),
  query(KeyQuery),
  async (c) => {
    const { cursor, limit, ownerId } = c.req.valid("query");
    const isOperator = c.get("ownerId") === c.env.OPERATOR_ID;
    const owner = isOperator ? (ownerId ?? null) : c.get("ownerId");
    if (!isOperator && ownerId !== undefined && ownerId !== owner) return problem(c, NOT_THEIRS);
    const rows = await listKeys(c.env.DB, owner, { limit: limit + 1, before: cursor });
    const { page, nextCursor } = paginate(rows, limit, (key) => ({ at: key.createdAt, id: key.id }));
    const now = Date.now();
    const answer: KeyPage = { keys: page.map((key) => keyView(key, now)), nextCursor };
    return c.json(answer);
  },
);

/** Show the calling key its own record, so that a program can learn what it may do. Any key may call this. */
keys.get(
  "/self",
  describe({
    operationId: "readOwnKey",
    summary:
      "Read the owner, scopes and limits of the caller: an API key, or a person signed in with Cloudflare Access",
    description: "Lets a program learn which owner, scopes and limits its key has. Every key may call it.",
    tags,
    answers: { 200: { description: "the key", schema: OwnKey, example: OWN_KEY } },
  }),
  (c) => {
    const key = c.get("key");
    const answer: OwnKey = {
      ...keyView(key, Date.now()),
      isOperator: key.ownerId === c.env.OPERATOR_ID,
      signedInBy: isAccessId(key.id) ? "access" : "key",
    };
    return c.json(answer, 200, { "cache-control": "private, no-store" });
  },
);

/** Revoke a key. A repeated call changes nothing. The endpoints that the key registered are disabled, unless the caller keeps them. */
keys.delete(
  "/:id",
  describe({
    operationId: "revokeKey",
    summary: "Revoke a key",
    description:
      "The key stops working at once, and so do its signed links. `webhooks=keep` keeps the endpoints that it registered.",
    tags,
    answers: {
      200: {
        description: "the revoked key, with the endpoints that it registered",
        schema: RevokedKey,
        example: REVOKED_KEY,
      },
    },
    problems: ["invalid_request", "key_not_found", "last_admin_key"],
  }),
  query(RevokeQuery),
  async (c) => {
    const id = c.req.param("id");
    const isOperator = c.get("ownerId") === c.env.OPERATOR_ID;
    const now = Date.now();
    const keepsWebhooks = c.req.valid("query").webhooks === "keep";
    await revokeKey(c.env.DB, id, { actor: actorOf(c), isOperator, keepsWebhooks, now });
    const key = (await findKey(c.env.DB, id))?.key;
    if (key === undefined || (!isOperator && key.ownerId !== c.get("ownerId"))) {
      return problem(c, { code: "key_not_found", detail: `There is no key '${id}'.` });
    }
    if (key.revokedAt === null) return problem(c, LAST_ADMIN);
    const registered = await listEndpointsOf(c.env.DB, key);
    const endpoints = registered.map((endpoint) => ({ id: endpoint.id, disabled: endpoint.disabledAt !== null }));
    return c.json({ ...keyView(key, now), webhooks: endpoints } satisfies RevokedKey);
  },
);

const NOT_THEIRS = {
  code: "forbidden",
  detail: "Only a key of the operator may create or list the keys of another owner.",
} as const;
const LIMITED = {
  code: "forbidden",
  detail: "A key that has limits cannot create keys. Use a key without limits.",
} as const;
const LAST_ADMIN = {
  code: "last_admin_key",
  detail: "This is the operator's last admin key. Create another one first, because nobody could do so afterwards.",
} as const;
