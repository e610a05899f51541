-- Limits of a key that hold.

-- When its client gave the upload up: what is put under its key afterwards becomes no job.
ALTER TABLE pending_uploads ADD COLUMN aborted_at INTEGER;

-- Event streams that are open. A stream whose Worker died gives its place back when the lease ends.
CREATE TABLE event_streams (
  key_id TEXT NOT NULL,
  id TEXT NOT NULL,
  lease_expires_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, id)
) STRICT, WITHOUT ROWID;

-- Requests without a valid key in an address's latest minute of them. An address is one of 65,536 buckets of its hash: so
-- many rows at most, and none that names an address.
CREATE TABLE failed_authentications (
  bucket INTEGER PRIMARY KEY,
  minute INTEGER NOT NULL, -- since the epoch
  failures INTEGER NOT NULL
) STRICT;

-- Whether what a key had sent to addresses is still sent there after it was revoked.
ALTER TABLE api_keys ADD COLUMN keeps_webhooks INTEGER NOT NULL DEFAULT 0 CHECK (keeps_webhooks IN (0, 1));

-- Webhooks have a scope of their own. Keys that had every scope have every scope; others are to be made anew.
UPDATE api_keys SET scopes = '["jobs:read","jobs:write","webhooks","admin"]'
 WHERE 3 = (SELECT count(DISTINCT value) FROM json_each(scopes) WHERE value IN ('jobs:read', 'jobs:write', 'admin'));
