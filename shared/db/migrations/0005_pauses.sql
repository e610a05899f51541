-- Kinds of task that nobody may lease for now. A row for each kind of task, not of job: a lease compares its own column.
CREATE TABLE pauses (
  task_kind TEXT PRIMARY KEY,
  job_kind TEXT NOT NULL,
  note TEXT,
  paused_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
