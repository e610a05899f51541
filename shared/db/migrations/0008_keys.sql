-- What a key may do, until when, and how much of it. A key written by hand without scopes cannot make others.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["jobs:read","jobs:write"]' CHECK (json_type(scopes) = 'array');
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE api_keys ADD COLUMN max_concurrent_jobs INTEGER CHECK (max_concurrent_jobs > 0);
ALTER TABLE api_keys ADD COLUMN max_upload_bytes_a_day INTEGER CHECK (max_upload_bytes_a_day > 0);
-- Keys of before could do everything.
UPDATE api_keys SET scopes = '["jobs:read","jobs:write","admin"]';
CREATE INDEX api_keys_by_owner ON api_keys (owner_id, created_at, id);

-- The key that a job counts against: null for keys that may run any number, whose jobs then cost no row more.
ALTER TABLE jobs ADD COLUMN limited_key TEXT;
CREATE INDEX jobs_of_limited_key ON jobs (limited_key) WHERE limited_key IS NOT NULL AND finalized_at IS NULL;

-- Bytes that a limited key has sent on its latest day of uploads.
CREATE TABLE key_days (
  key_id TEXT PRIMARY KEY,
  day INTEGER NOT NULL, -- since the epoch, UTC
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
