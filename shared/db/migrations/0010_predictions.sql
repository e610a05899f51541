-- A job that was asked for as a prediction: how it was asked, and who is to be told. Written with its job.
CREATE TABLE predictions (
  job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  model TEXT NOT NULL, -- 'owner/name'
  input TEXT NOT NULL CHECK (json_valid(input)), -- in the model's own names; a file's bytes are its address
  webhook TEXT,
  key_id TEXT NOT NULL, -- whose secret signs what is sent there
  events TEXT NOT NULL CHECK (json_valid(events)), -- of start, output, logs, completed
  origin TEXT NOT NULL -- which the client called: a webhook has no request to take it from
) STRICT, WITHOUT ROWID;
CREATE INDEX predictions_by_owner ON predictions (owner_id, created_at, job_id);
