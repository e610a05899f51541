import type { Key } from "../../shared/db/keys/keys.ts";
import { iso } from "../http/time.ts";
import type { ApiKey } from "./schema.ts";

/** A key as its admin sees it. Only the answer that created it shows its secret. */
export function keyView(key: Key, now: number): ApiKey {
  return {
    id: key.id,
    ownerId: key.ownerId,
    label: key.label,
    state: stateOf(key, now),
    scopes: [...key.scopes],
    createdAt: iso(key.createdAt),
    expiresAt: iso(key.expiresAt),
    revokedAt: iso(key.revokedAt),
    maxConcurrentJobs: key.maxConcurrentJobs,
    maxUploadBytesADay: key.maxUploadBytesADay,
    maxUploadBytes: key.uploadLimits.maxBytes,
    contentTypes: key.uploadLimits.contentTypes && [...key.uploadLimits.contentTypes],
  };
}

function stateOf({ revokedAt, expiresAt }: Key, now: number): ApiKey["state"] {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}
