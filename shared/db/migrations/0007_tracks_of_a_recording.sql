-- What the plan of a job's recording found: its tracks of sound, and which of them is transcribed (JSON, `RecordingTracks`). It is in
-- the row of the task that planned it, because that row is written anyway.
ALTER TABLE tasks ADD COLUMN recording TEXT CHECK (json_valid(recording));
