import * as z from "zod";

import { SCOPES } from "../../shared/keys/scopes.ts";
import { MaybeTime, NextCursor, Time } from "../http/time.ts";

/** A key as its admin sees it. A limit is null if the key does not have it. */
export const ApiKey = z
  .object({
    id: z.string(),
    ownerId: z.string(),
    label: z.string(),
    state: z.enum(["active", "expired", "revoked"]),
    scopes: z.array(z.enum(SCOPES)),
    createdAt: Time,
    expiresAt: MaybeTime,
    revokedAt: MaybeTime,
    maxConcurrentJobs: z.int().nullable(),
    maxUploadBytesADay: z.int().nullable(),
    maxUploadBytes: z.int().nullable().describe("the largest upload"),
    contentTypes: z.array(z.string()).nullable().describe("prefixes of the content types that it may upload"),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof ApiKey>;

/** The calling key, or a person who is signed in with Cloudflare Access, shown as a key. */
export const OwnKey = ApiKey.extend({
  isOperator: z.boolean().describe("whether the key belongs to the operator, who may pause queues and see all owners"),
  signedInBy: z
    .enum(["key", "access"])
    .describe("`access` for a person whom Cloudflare Access has let in: `label` is then their address"),
}).meta({ id: "OwnApiKey" });
export type OwnKey = z.infer<typeof OwnKey>;

/** The operator's first admin key, made with the setup token. */
export const FirstKey = z.object({ key: z.string() });

export const CreatedKey = ApiKey.extend({ key: z.string().describe("shown only in this answer") }).meta({
  id: "CreatedApiKey",
});
export type CreatedKey = z.infer<typeof CreatedKey>;

/** A key that was revoked, with the endpoints that depend on it. */
export const RevokedKey = ApiKey.extend({
  webhooks: z
    .array(z.object({ id: z.string(), disabled: z.boolean() }))
    .describe(
      "the endpoints that the key registered, and those whose `url` it changed or that it enabled last: they are disabled, unless the request had `webhooks=keep`",
    ),
}).meta({ id: "RevokedApiKey" });
export type RevokedKey = z.infer<typeof RevokedKey>;

export const KeyPage = z.object({ keys: z.array(ApiKey), nextCursor: NextCursor });
export type KeyPage = z.infer<typeof KeyPage>;
