// What the document's examples show. A test checks each of them against the schemas.

export const KEY_REQUEST = { label: "The newsroom's server", scopes: ["jobs:read", "jobs:write"], expiresInDays: 365 };

const RECORD = {
  id: "k5849e0b6923ef46f",
  ownerId: "newsroom",
  label: "The newsroom's server",
  state: "active",
  scopes: ["jobs:read", "jobs:write"],
  createdAt: "2026-11-30T09:00:47.214Z",
  expiresAt: "2027-11-30T09:00:47.214Z",
  revokedAt: null,
  maxConcurrentJobs: null,
  maxUploadBytesADay: null,
  maxUploadBytes: null,
  contentTypes: null,
};

export const CREATED_KEY = {
  ...RECORD,
  key: "dk_k5849e0b6923ef46f_616c1d95558d1926653cff98da3956a2cbc483172a113823",
};

export const KEYS = { keys: [RECORD], nextCursor: null };

export const OWN_KEY = { ...RECORD, isOperator: false, signedInBy: "key" };

export const REVOKED_KEY = {
  ...RECORD,
  state: "revoked",
  revokedAt: "2026-11-30T09:30:47.356Z",
  webhooks: [{ id: "wh_b6c23d17522a41fe9ee5", disabled: true }],
};
