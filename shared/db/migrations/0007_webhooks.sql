-- A side task runs beside its job: it neither holds it up nor decides how it ends, and it outlives its end.
ALTER TABLE tasks ADD COLUMN is_side INTEGER NOT NULL DEFAULT 0;

-- Where an owner wants to be told of the ends of their jobs.
CREATE TABLE webhook_endpoints (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  key_id TEXT NOT NULL, -- the key that registered it
  url TEXT NOT NULL,
  origin TEXT NOT NULL, -- of this API, as that client called it: links in payloads lead there
  events TEXT NOT NULL CHECK (json_valid(events)),
  description TEXT NOT NULL,
  disabled_at INTEGER,
  disabled_reason TEXT,
  created_at INTEGER NOT NULL,
  CONSTRAINT reason_iff_disabled CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_endpoints_by_owner ON webhook_endpoints (owner_id, created_at, id);

-- What deliveries are signed with, as it is: a hash could not sign. `signer` is an endpoint's id, or `key:<id>` for
-- deliveries that carry an address of their own.
CREATE TABLE webhook_secrets (
  signer TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_until INTEGER,
  CONSTRAINT previous_has_an_end CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) STRICT, WITHOUT ROWID;

-- One event for one address. Its task is `<job_id>.<id>`; a test has no job and no task.
CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY, -- the webhook-id header, the same at every attempt
  owner_id TEXT NOT NULL,
  endpoint_id TEXT REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  url TEXT, -- an address of its own, where there is no endpoint
  signer TEXT NOT NULL,
  job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
  event TEXT NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  created_at INTEGER NOT NULL,
  -- Of the last attempt; the others are in `attempts`.
  attempted_at INTEGER,
  duration_ms INTEGER,
  response_code INTEGER,
  response_body TEXT, -- its beginning, where it was not a success
  CONSTRAINT endpoint_or_url CHECK ((endpoint_id IS NULL) <> (url IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, created_at, id);
CREATE INDEX webhook_deliveries_by_job ON webhook_deliveries (job_id);
