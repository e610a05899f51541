-- What attempts consumed: each call with its units, neurons and whether these are the catalogue's. Null where no model was asked.
ALTER TABLE attempts ADD COLUMN usage TEXT CHECK (json_valid(usage));

-- What a day (since the epoch, UTC) consumed, by owner (* is everybody), kind of work and model. Rows outlive their jobs.
CREATE TABLE usage_days (
  owner_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  kind TEXT NOT NULL, -- of the job, or 'ask', 'search'
  model TEXT NOT NULL,
  calls INTEGER NOT NULL,
  neurons REAL NOT NULL,
  estimated_neurons REAL NOT NULL, -- how much of it is the catalogue's figure
  PRIMARY KEY (owner_id, day, kind, model)
) STRICT, WITHOUT ROWID;
