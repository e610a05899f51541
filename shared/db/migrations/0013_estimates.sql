-- What a job is expected to consume (shared/estimate.ts). Null while nobody knows: a recording whose headers were not read yet.
ALTER TABLE jobs ADD COLUMN estimate TEXT CHECK (json_valid(estimate));
-- What an attempt did beside calling models (shared/operations.ts); null where it was not counted.
ALTER TABLE attempts ADD COLUMN operations TEXT CHECK (json_valid(operations));
