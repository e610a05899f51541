/**
 * What a key may do: read; submit, upload and cancel; register webhooks for its owner's jobs; manage keys and, for the
 * operator, the queues.
 */
export const SCOPES = ["jobs:read", "jobs:write", "webhooks", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
