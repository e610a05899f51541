/** What a key may do: look; submit, upload, cancel and redrive; manage keys and, for the operator, the queues. */
export const SCOPES = ["jobs:read", "jobs:write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
