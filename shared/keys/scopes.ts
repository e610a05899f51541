/**
 * What a key may do: look; submit, upload and cancel; have the ends of its owner's jobs sent to addresses; manage keys and, for
 * the operator, the queues.
 */
export const SCOPES = ["jobs:read", "jobs:write", "webhooks", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
