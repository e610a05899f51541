-- The key for local development, which `npm start` prints. It exists in no other environment.
INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes)
VALUES ('local', 'operator', 'local development', '94299f1502b082602d1114b05c136f62a2626f986cae7e4b464a8e47ce96de5c', 0,
        '["jobs:read","jobs:write","webhooks","admin"]')
ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes;
