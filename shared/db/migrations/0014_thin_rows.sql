-- Rows of archived jobs become shorter. An earlier version of the Worker shows no estimate for such a row, and lists the bucket to prune it.
-- The sum of a job's estimate in neurons, for lists; and the number of a list in shared/db/archive/usual-names.ts, in place of `stored_names`.
ALTER TABLE jobs ADD COLUMN archive_estimate REAL;
ALTER TABLE jobs ADD COLUMN archive_names INTEGER;

-- JSON of ids of those jobs, by what there is to delete of them (shared/db/jobs/prunings.ts): each statement then reads no others. It is used
-- within one transaction. An earlier version leaves it out, and reads `jobs`.
ALTER TABLE prunings ADD COLUMN lists TEXT CHECK (json_valid(lists));

-- An earlier version that brings a job back leaves these columns as they were. If it archived the job again after another attempt, the names
-- would be those of the first attempt, and a prune would leave the others' objects in the bucket.
CREATE TRIGGER jobs_brought_back AFTER UPDATE OF archive_id ON jobs WHEN new.archive_id IS NULL AND new.archive_names IS NOT NULL BEGIN
  UPDATE jobs SET archive_names = NULL, archive_estimate = NULL WHERE id = new.id;
END;
