-- What links that need no API key are signed with, made on first use. A key that is not current any more is honoured until the
-- last link signed with it has run out (shared/signing-keys.ts).
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT;

CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((retired_at IS NULL)) WHERE retired_at IS NULL;

-- Tries at the setup token in the minute of the last one: an address's, and everybody's under '*'.
CREATE TABLE setup_tries (
  address TEXT PRIMARY KEY,
  minute INTEGER NOT NULL,
  tries INTEGER NOT NULL
) STRICT;
