-- Rows of archived jobs become shorter. An earlier version of the Worker shows no estimate for such a row, and lists the bucket to prune it.
-- The sum of a job's estimate in neurons, for lists; and the number of a list in shared/db/archive/usual-names.ts, in place of `stored_names`.
ALTER TABLE jobs ADD COLUMN archive_estimate REAL;
ALTER TABLE jobs ADD COLUMN archive_names INTEGER;

-- JSON of ids of those jobs, by what there is to delete of them (shared/db/jobs/prunings.ts): each statement then reads no others. It is used
-- within one transaction. An earlier version leaves it out, and reads `jobs`.
ALTER TABLE prunings ADD COLUMN lists TEXT CHECK (json_valid(lists));
