-- Whether a key has become a job, and with which bytes: found without the rows of all else that was put under it since.
-- Named where it is read (INDEXED BY): the primary key begins alike, and SQLite would take that.
CREATE INDEX uploads_with_job ON uploads (bucket, key) WHERE job_id IS NOT NULL;
