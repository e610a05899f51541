-- What a chunk of a long recording was heard to say: the checkpoint of its task, written when that settles.
CREATE TABLE chunks (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  own_start_ms INTEGER NOT NULL, -- the part of the source that the chunk answers for
  own_end_ms INTEGER NOT NULL,
  heard TEXT NOT NULL CHECK (json_valid(heard)),
  PRIMARY KEY (job_id, own_start_ms)
) STRICT, WITHOUT ROWID;
