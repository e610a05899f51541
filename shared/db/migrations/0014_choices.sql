-- Which model a job got, and why.
ALTER TABLE jobs ADD COLUMN choice TEXT CHECK (json_valid(choice));

-- The model that a task is to go back to when the one that stands in for it has no capacity either.
ALTER TABLE tasks ADD COLUMN preferred_model TEXT;

-- How long calls took: of a day (since the epoch, UTC) and model, how many ended in each bucket of the histogram.
CREATE TABLE model_latencies (
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (day, model, bucket)
) STRICT, WITHOUT ROWID;
