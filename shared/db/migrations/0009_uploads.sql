-- Uploads that a client puts straight into the bucket with presigned URLs. A row lives until it expires, also when its
-- object has a job: completing twice is then the same job.
CREATE TABLE pending_uploads (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0), -- as declared; the signature and the object hold it to that
  multipart_id TEXT, -- R2's id of a multipart upload; null for a single PUT
  part_size_bytes INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  completed_at INTEGER,
  CONSTRAINT part_size_iff_multipart CHECK ((multipart_id IS NULL) = (part_size_bytes IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_uploads_to_expire ON pending_uploads (expires_at);

-- Parts that a client says it has stored: neither the R2 binding nor the local S3 endpoint can list them.
CREATE TABLE stored_parts (
  upload_id TEXT NOT NULL REFERENCES pending_uploads (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;

-- What a key may upload; null for no limit of its own.
ALTER TABLE api_keys ADD COLUMN max_upload_bytes INTEGER;
ALTER TABLE api_keys ADD COLUMN content_types TEXT CHECK (json_valid(content_types)); -- prefixes: ["audio/", "video/"]
