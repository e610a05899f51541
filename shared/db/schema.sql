-- What all migrations make, for reading. Written by `npm run schema`; a test compares it.

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  label TEXT NOT NULL,
  secret_hash TEXT NOT NULL, -- SHA-256 of the secret half, hexadecimal
  -- A key that is written by hand without scopes cannot make others.
  scopes TEXT NOT NULL DEFAULT '["jobs:read","jobs:write"]' CHECK (json_type(scopes) = 'array'),
  max_concurrent_jobs INTEGER CHECK (max_concurrent_jobs > 0),
  max_upload_bytes_a_day INTEGER CHECK (max_upload_bytes_a_day > 0),
  max_upload_bytes INTEGER,
  content_types TEXT CHECK (json_valid(content_types)), -- prefixes: ["audio/", "video/"]
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  -- Whether what the key had sent to addresses is still sent there after it was revoked.
  keeps_webhooks INTEGER NOT NULL DEFAULT 0 CHECK (keeps_webhooks IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_owner ON api_keys (owner_id, created_at, id);

CREATE TABLE archives (
  id TEXT PRIMARY KEY,
  jobs INTEGER NOT NULL DEFAULT 0, -- how many jobs lead to it
  empty_since INTEGER NOT NULL -- since when that is none; not used while there are any
) STRICT, WITHOUT ROWID;

CREATE INDEX archives_empty ON archives (empty_since) WHERE jobs = 0;

CREATE TABLE artifacts (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (job_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'retry', 'snooze', 'discard', 'lost', 'cancelled')),
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  model TEXT,
  engine TEXT,
  neurons REAL,
  -- Each call with its units, neurons and whether these are the catalogue's. Null where no model was asked.
  usage TEXT CHECK (json_valid(usage)),
  -- What it did beside calling models (shared/operations.ts); null where it was not counted.
  operations TEXT CHECK (json_valid(operations)),
  error_code TEXT,
  error_message TEXT,
  PRIMARY KEY (task_id, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attempts_held AFTER INSERT ON attempts
WHEN new.outcome = 'snooze' AND new.error_code IN ('budget_used', 'daily_allocation_used')
BEGIN
  UPDATE tasks SET held_by = new.error_code WHERE id = new.task_id AND state = 'running' AND held_by IS NOT new.error_code;
END;

CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_by_owner ON audit (owner_id, created_at, id);

CREATE INDEX audit_by_subject ON audit (subject, created_at);

CREATE TABLE budgets (
  owner_id TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('day', 'month')),
  neurons REAL NOT NULL CHECK (neurons > 0),
  lets_high_through INTEGER NOT NULL CHECK (lets_high_through IN (0, 1)),
  told_owner_id TEXT NOT NULL, -- whose webhook endpoints hear of it
  -- The period (its first day) in which these were told, and when: once a period each.
  warned_in INTEGER,
  warned_at INTEGER,
  exhausted_in INTEGER,
  exhausted_at INTEGER,
  PRIMARY KEY (owner_id, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  own_start_ms INTEGER NOT NULL, -- the part of the source that the chunk answers for
  own_end_ms INTEGER NOT NULL,
  heard TEXT NOT NULL CHECK (json_valid(heard)),
  PRIMARY KEY (job_id, own_start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  task_id TEXT,
  job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
  queue TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT '', -- of the task; the queue, for an unreadable message
  body TEXT,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Letters are grouped by what went wrong.
  fingerprint TEXT NOT NULL DEFAULT '',
  message_pattern TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  redriven_at INTEGER,
  discarded_at INTEGER,
  note TEXT,
  -- Waiting for this redrive, or given another life by it. A letter that another holds cannot be claimed.
  redrive_id TEXT, state TEXT AS (
  CASE WHEN redriven_at IS NOT NULL THEN 'redriven' WHEN discarded_at IS NOT NULL THEN 'discarded' ELSE 'open' END
) VIRTUAL,
  CONSTRAINT task_or_message CHECK ((task_id IS NULL) = (body IS NOT NULL) AND (task_id IS NULL) = (job_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_fingerprint ON dead_letters (owner_id, fingerprint, created_at, id);

CREATE INDEX dead_letters_by_job ON dead_letters (job_id);

CREATE INDEX dead_letters_by_owner ON dead_letters (owner_id, created_at, id);

CREATE INDEX dead_letters_by_redrive ON dead_letters (redrive_id, created_at) WHERE redrive_id IS NOT NULL;

CREATE INDEX dead_letters_by_state ON dead_letters (owner_id, state, created_at, id);

CREATE INDEX dead_letters_by_state_and_fingerprint ON dead_letters (owner_id, state, fingerprint, created_at, id);

CREATE INDEX dead_letters_by_task ON dead_letters (task_id, created_at);

CREATE INDEX dead_letters_open ON dead_letters (kind) WHERE redriven_at IS NULL AND discarded_at IS NULL;

CREATE TABLE deleted_attempts (
  task_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  job_id TEXT NOT NULL REFERENCES deletions (job_id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY (task_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX deleted_attempts_by_job ON deleted_attempts (job_id);

CREATE TABLE deletions (
  job_id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL, -- of the job
  reused_from TEXT, -- the job whose objects it shared
  passage_ids TEXT NOT NULL CHECK (json_valid(passage_ids)), -- vectors to delete
  source TEXT CHECK (json_valid(source)), -- the object to delete as well, `{ key, etag }`; null to leave it
  recorded_at INTEGER, -- when the job was described, if the bucket has a record of that; null if not
  is_asked INTEGER NOT NULL, -- somebody asked for it: a database that is set back must not bring the job back
  asked_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL, -- when maintenance deletes what is left
  -- Until then an attempt that was under way may still store something: what is left is deleted once more after it.
  until INTEGER NOT NULL
, may_return INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX deletions_due ON deletions (due_at);

CREATE TABLE edited_jobs (
  job_id TEXT PRIMARY KEY,
  begun_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event_streams (
  key_id TEXT NOT NULL,
  id TEXT NOT NULL,
  lease_expires_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE failed_authentications (
  bucket INTEGER PRIMARY KEY,
  minute INTEGER NOT NULL, -- since the epoch
  failures INTEGER NOT NULL
) STRICT;

CREATE TABLE holds (
  name TEXT PRIMARY KEY CHECK (name = 'account'),
  code TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  operation TEXT NOT NULL, -- method and path
  request_hash TEXT NOT NULL,
  -- What the request makes takes its ids from this: run again after a crash, it finds what the first run made.
  seed TEXT NOT NULL,
  run_id TEXT NOT NULL, -- who is answering, or has answered
  run_at INTEGER NOT NULL,
  status INTEGER,
  headers TEXT CHECK (json_valid(headers)),
  body TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, key),
  CONSTRAINT answered_whole CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE incidents (
  alert TEXT NOT NULL,
  subject TEXT NOT NULL, -- of which queue, which budget; empty where there is one only
  id TEXT NOT NULL,
  since INTEGER NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)), -- the figures when it began
  PRIMARY KEY (alert, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_labels (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  score REAL NOT NULL, owner_id TEXT, created_at INTEGER,
  PRIMARY KEY (job_id, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_labels_by_owner ON job_labels (owner_id, label, created_at, job_id);

CREATE TRIGGER job_labels_owned AFTER INSERT ON job_labels WHEN new.owner_id IS NULL BEGIN
  UPDATE job_labels SET (owner_id, created_at) = (SELECT j.owner_id, j.created_at FROM jobs j WHERE j.id = new.job_id)
   WHERE job_id = new.job_id AND label = new.label;
END;

CREATE TABLE job_marks (
  owner_id TEXT NOT NULL,
  mark TEXT NOT NULL, -- `tag:<tag>` or `metadata:<key>=<value>`
  created_at INTEGER NOT NULL, -- of the job: a page of a list is one walk along this key
  job_id TEXT NOT NULL,
  PRIMARY KEY (owner_id, mark, created_at, job_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  input TEXT NOT NULL CHECK (json_valid(input)),
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finalized_at INTEGER,
  -- On what terms it runs: how urgent it is, until when it is wanted, and what it may consume.
  priority INTEGER NOT NULL DEFAULT 1, -- 0 high, 1 normal, 2 low
  start_by INTEGER,
  deadline_at INTEGER,
  max_neurons REAL CHECK (max_neurons > 0), -- null for no limit of its own
  -- The key that the job counts against: null for keys that may run any number, whose jobs then cost no row more.
  limited_key TEXT,
  -- What it is expected to consume (shared/estimate.ts). Null while nobody knows: a recording whose headers were not read yet.
  estimate TEXT CHECK (json_valid(estimate)),
  choice TEXT CHECK (json_valid(choice)), -- which model it got, and why
  fingerprint TEXT, -- two jobs of one owner and fingerprint have the same result
  follows TEXT, -- the identical job whose result a queued one waits for, to take it over
  reused_from TEXT, -- the job whose result this is
  saved_neurons REAL, -- what that result did not cost again
  -- What clients note down. `job_marks` finds jobs by it.
  tags TEXT CHECK (json_valid(tags)), -- JSON array; null for none
  metadata TEXT CHECK (json_valid(metadata)), stored_names TEXT CHECK (json_valid(stored_names)), is_of_source INTEGER NOT NULL DEFAULT 0, archive_id TEXT, archive_offset INTEGER, archive_bytes INTEGER, archive_secret TEXT, archive_neurons REAL, kept_until INTEGER, archive_estimate REAL, archive_names INTEGER, -- JSON object; null for none
  CONSTRAINT finalized_iff_terminal CHECK ((finalized_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled'))),
  CONSTRAINT error_iff_failed CHECK ((error_code IS NOT NULL) = (state = 'failed'))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER jobs_brought_back AFTER UPDATE OF archive_id ON jobs WHEN new.archive_id IS NULL AND new.archive_names IS NOT NULL BEGIN
  UPDATE jobs SET archive_names = NULL, archive_estimate = NULL WHERE id = new.id;
END;

CREATE INDEX jobs_by_fingerprint ON jobs (owner_id, fingerprint);

CREATE INDEX jobs_by_owner ON jobs (owner_id, created_at, id);

CREATE INDEX jobs_by_source ON jobs (input ->> '$.source.key') WHERE input ->> '$.source.key' IS NOT NULL AND is_of_source = 0;

CREATE INDEX jobs_by_state ON jobs (owner_id, state, created_at, id) WHERE state <> 'completed';

CREATE INDEX jobs_finalized ON jobs (finalized_at) WHERE finalized_at IS NOT NULL;

CREATE INDEX jobs_following ON jobs (follows) WHERE follows IS NOT NULL;

CREATE INDEX jobs_of_limited_key ON jobs (limited_key) WHERE limited_key IS NOT NULL AND finalized_at IS NULL;

CREATE INDEX jobs_reused_by_end ON jobs (finalized_at) WHERE reused_from IS NOT NULL;

CREATE INDEX jobs_reusing ON jobs (reused_from) WHERE reused_from IS NOT NULL;

CREATE INDEX jobs_to_end ON jobs (deadline_at) WHERE deadline_at IS NOT NULL AND finalized_at IS NULL;

CREATE INDEX jobs_to_start ON jobs (start_by) WHERE start_by IS NOT NULL AND started_at IS NULL AND finalized_at IS NULL;

CREATE TABLE key_days (
  key_id TEXT PRIMARY KEY,
  day INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE latency_days (
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  buckets TEXT NOT NULL CHECK (json_valid(buckets)), first_text_buckets TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(first_text_buckets)), token_buckets TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(token_buckets)),
  PRIMARY KEY (day, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_latencies (
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (day, model, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_minutes (
  model TEXT PRIMARY KEY,
  minute INTEGER NOT NULL, -- since the epoch
  calls INTEGER NOT NULL
, turn TEXT, woken_until REAL) STRICT, WITHOUT ROWID;

CREATE TABLE passages (
  -- Spelt out, because passages_fts refers to it: SQLite may renumber a rowid that has no name.
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE, -- `<job>:<source>:<n>`; in Vectorize too
  owner_id TEXT NOT NULL,
  owner TEXT AS (hex(owner_id)) VIRTUAL, -- one token, whatever an owner is called: each search reads its own owner's words
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  kind TEXT NOT NULL, -- of the job
  source TEXT NOT NULL CHECK (source IN ('transcript', 'prompt', 'text', 'labels', 'caption', 'summary')),
  text TEXT NOT NULL,
  start_ms INTEGER,
  end_ms INTEGER,
  -- Which model and engine made the vector: only those of one space can be compared.
  space TEXT NOT NULL,
  -- Float32, of length 1, as base64: D1 hands a BLOB over as an array of numbers, which takes six times as long to read.
  -- Null where the vectors are in Vectorize.
  vector TEXT, indexed_text TEXT,
  CONSTRAINT timed_whole CHECK ((start_ms IS NULL) = (end_ms IS NULL))
) STRICT;

CREATE INDEX passages_by_job ON passages (job_id);

CREATE TRIGGER passages_changed AFTER UPDATE OF text, indexed_text ON passages
WHEN new.indexed_text IS NULL OR new.indexed_text IS NOT old.indexed_text OR new.text = old.text
BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text)
  VALUES ('delete', old.number, old.owner, coalesce(old.indexed_text, old.text));
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, coalesce(new.indexed_text, new.text));
END;

CREATE TRIGGER passages_changed_alone AFTER UPDATE OF text ON passages
WHEN new.indexed_text IS NOT NULL AND new.indexed_text IS old.indexed_text AND new.text <> old.text
BEGIN
  UPDATE passages SET indexed_text = NULL WHERE number = new.number; -- fires passages_changed, which still sees the old one
  UPDATE cursors SET value = new.number - 1 WHERE name = 'indexed_texts' AND CAST(value AS INTEGER) >= new.number;
END;

CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text)
  VALUES ('delete', old.number, old.owner, coalesce(old.indexed_text, old.text));
END;

CREATE INDEX passages_with_vector ON passages (owner_id, number) WHERE vector IS NOT NULL;

CREATE TRIGGER passages_written AFTER INSERT ON passages BEGIN
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, coalesce(new.indexed_text, new.text));
END;

CREATE VIRTUAL TABLE passages_fts USING fts5 (
  owner,
  text,
  content = 'passages_indexed',
  content_rowid = 'number',
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);

CREATE VIEW passages_indexed AS SELECT number, owner, coalesce(indexed_text, text) AS text FROM passages;

CREATE TABLE pauses (
  task_kind TEXT PRIMARY KEY,
  job_kind TEXT NOT NULL,
  note TEXT,
  paused_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_uploads (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0), -- as declared; the signature and the object hold it to that
  multipart_id TEXT, -- R2's id of a multipart upload; null for a single PUT
  part_size_bytes INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  completed_at INTEGER,
  -- When its client gave the upload up: what is put under its key afterwards becomes no job.
  aborted_at INTEGER,
  CONSTRAINT part_size_iff_multipart CHECK ((multipart_id IS NULL) = (part_size_bytes IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_uploads_to_expire ON pending_uploads (expires_at);

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

CREATE TABLE prunings (
  id TEXT PRIMARY KEY,
  pruned_at INTEGER NOT NULL,
  -- JSON of `PrunedJob` (shared/db/jobs/prunings.ts). `names` is null if the bucket must be listed to find the job's objects.
  jobs TEXT NOT NULL CHECK (json_valid(jobs))
, lists TEXT CHECK (json_valid(lists))) STRICT, WITHOUT ROWID;

CREATE TABLE readings (
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  lost INTEGER NOT NULL DEFAULT 0, -- readers that ended; all but the first read this object alone
  PRIMARY KEY (bucket, key, etag)
) STRICT, WITHOUT ROWID;

CREATE TABLE redrives (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('canary', 'running', 'completed', 'cancelled', 'stopped')),
  filter TEXT NOT NULL CHECK (json_valid(filter)),
  max_letters INTEGER NOT NULL CHECK (max_letters > 0),
  rate_per_second INTEGER NOT NULL CHECK (rate_per_second > 0),
  canary_id TEXT, -- the letter that goes first; null without a canary
  reason TEXT,
  matched INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0, -- given back unredriven when it was cancelled or stopped
  next_at INTEGER NOT NULL, -- the first moment that no letter has been given yet
  checked_at INTEGER NOT NULL DEFAULT 0, -- when maintenance last took it on: each in its turn
  created_at INTEGER NOT NULL,
  -- When the last letter's task ended. What became of them is counted then and kept: letters are pruned with their jobs.
  finalized_at INTEGER,
  redriven INTEGER,
  completed INTEGER,
  failed INTEGER,
  cancelled INTEGER,
  CONSTRAINT counted_iff_final CHECK ((finalized_at IS NOT NULL) = (redriven IS NOT NULL)),
  CONSTRAINT active_is_not_final CHECK (state NOT IN ('canary', 'running') OR finalized_at IS NULL),
  CONSTRAINT reason_iff_stopped CHECK ((reason IS NOT NULL) = (state = 'stopped'))
) STRICT, WITHOUT ROWID;

CREATE INDEX redrives_by_owner ON redrives (owner_id, created_at, id);

CREATE INDEX redrives_not_final ON redrives (checked_at) WHERE finalized_at IS NULL;

CREATE INDEX redrives_stopped ON redrives (canary_id) WHERE state = 'stopped';

CREATE TABLE releases (
  code TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (code, owner_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
  owner_id TEXT NOT NULL,
  task_id TEXT NOT NULL, -- of a call that a request makes itself, an id of its own
  attempt INTEGER NOT NULL,
  number INTEGER NOT NULL, -- of the call within its attempt
  job_id TEXT, -- null for a request's own call
  kind TEXT NOT NULL, -- as in usage_days
  neurons REAL NOT NULL,
  call TEXT NOT NULL CHECK (json_valid(call)), -- what stands in the attempt if nobody ever tells what became of it
  made_at INTEGER NOT NULL,
  PRIMARY KEY (owner_id, task_id, attempt, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE restores (
  found_at INTEGER PRIMARY KEY,
  went_back_to INTEGER NOT NULL,
  taken_up_to TEXT NOT NULL, -- the last object; empty for none yet
  done_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE retentions (
  owner_id TEXT PRIMARY KEY,
  days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 3650),
  set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reuses (
  job_id TEXT PRIMARY KEY,
  reused_from TEXT NOT NULL,
  artifacts TEXT NOT NULL CHECK (json_valid(artifacts)), -- `[{ name, key, contentType, sizeBytes, etag }]`
  labels TEXT NOT NULL CHECK (json_valid(labels)), -- `[{ label, score }]`
  saved_neurons REAL,
  ended_at INTEGER NOT NULL,
  taken_up_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reuses_by_original ON reuses (reused_from);

CREATE TABLE setup_tries (
  address TEXT PRIMARY KEY,
  minute INTEGER NOT NULL, -- since the epoch
  tries INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT;

CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((retired_at IS NULL)) WHERE retired_at IS NULL;

CREATE TABLE stored_parts (
  upload_id TEXT NOT NULL REFERENCES pending_uploads (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  -- Tasks of a job that may run side by side; a stage opens when every task of the earlier ones has ended.
  stage INTEGER NOT NULL DEFAULT 0,
  -- A side task runs beside its job: it neither holds it up nor decides how it ends, and it outlives its end.
  is_side INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'available', 'running', 'retryable', 'completed', 'discarded', 'cancelled')
  ),
  args TEXT NOT NULL CHECK (json_valid(args)),
  -- Of its arguments (shared/formats.ts): a version of the Worker that does not know it leaves the task to a newer one.
  format INTEGER NOT NULL DEFAULT 1,
  priority INTEGER NOT NULL DEFAULT 1,
  model TEXT, -- which the task asks first; null if none
  -- The model that the task is to go back to when the one that stands in for it has no capacity either.
  preferred_model TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  -- The latest attempt that ran with other arguments: what was stored until then is not this task's answer.
  edited_after INTEGER NOT NULL DEFAULT 0,
  -- Attempts whose consumer died. While there are any, the task runs alone.
  lost INTEGER NOT NULL DEFAULT 0,
  -- Those that speak against the task: it was the only one its consumer ran, and was not waiting for anybody else.
  lost_alone INTEGER NOT NULL DEFAULT 0,
  -- Whether a model or a webhook's receiver is to answer just now. Written for tasks lost before, and for no others.
  is_waiting INTEGER NOT NULL DEFAULT 0 CHECK (is_waiting IN (0, 1)),
  scheduled_at INTEGER NOT NULL, -- not to be leased before
  -- When maintenance looks at it, five minutes after it is due. Of a running task, when its lease expires.
  check_at INTEGER NOT NULL,
  lease_id TEXT,
  leased_at INTEGER,
  created_at INTEGER NOT NULL,
  finalized_at INTEGER,
  -- Tasks of one lane are alike to the choice of what runs next: same kind, same model, same owner.
  recording TEXT CHECK (json_valid(recording)), is_newcomer INTEGER NOT NULL DEFAULT 0, lane TEXT AS (
  kind || ' ' || coalesce(model, '-') || ' ' || CASE WHEN state = 'retryable' THEN 'd' WHEN is_newcomer = 1 THEN 'n' ELSE 'o' || owner_id END
) VIRTUAL, held_by TEXT,
  CONSTRAINT leased_iff_running CHECK (
    (lease_id IS NOT NULL) = (state = 'running')
    AND (leased_at IS NOT NULL) = (state = 'running')
  ),
  CONSTRAINT finalized_iff_terminal CHECK ((finalized_at IS NOT NULL) = (state IN ('completed', 'discarded', 'cancelled'))),
  CONSTRAINT attempts_within_limit CHECK (attempt <= max_attempts)
) STRICT, WITHOUT ROWID;

CREATE INDEX tasks_by_job ON tasks (job_id);

CREATE INDEX tasks_due ON tasks (lane, priority, scheduled_at) WHERE state IN ('available', 'retryable');

CREATE INDEX tasks_held ON tasks (held_by, owner_id, check_at) WHERE held_by IS NOT NULL AND state = 'retryable';

CREATE INDEX tasks_to_check ON tasks (state, check_at) WHERE finalized_at IS NULL;

CREATE TABLE tombstones (
  job_id TEXT PRIMARY KEY,
  deleted_at INTEGER NOT NULL,
  taken_up_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE transcript_versions (
  job_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0), -- 0 is the original
  owner_id TEXT NOT NULL,
  key TEXT NOT NULL, -- of the whole transcript in the bucket
  etag TEXT NOT NULL, -- the name of the version for clients, without quotes
  original_etag TEXT NOT NULL, -- of the transcript.json that it goes back to: a redrive may write another
  request_hash TEXT NOT NULL, -- of the version that was edited and what was asked: the same again makes no other version
  key_id TEXT, -- the API key that made it
  operations INTEGER NOT NULL,
  reverted_to INTEGER, -- the version that it is like; null for an edit
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  job_id TEXT,
  ignored_reason TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (bucket, key, etag),
  CONSTRAINT job_or_reason CHECK ((job_id IS NULL) = (ignored_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_by_owner ON uploads (owner_id, created_at);

CREATE INDEX uploads_with_job ON uploads (bucket, key) WHERE job_id IS NOT NULL;

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

CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY, -- the webhook-id header, the same at every attempt
  owner_id TEXT NOT NULL,
  endpoint_id TEXT REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  url TEXT, -- an address of its own, where there is no endpoint
  signer TEXT NOT NULL,
  job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
  event TEXT NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  created_at INTEGER NOT NULL,
  -- Deliveries that belong to no job have no task: maintenance sends them. Null where nothing is to be sent any more.
  next_attempt_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Of the last attempt; the others are in `attempts`.
  attempted_at INTEGER,
  duration_ms INTEGER,
  response_code INTEGER,
  response_body TEXT, -- its beginning, where it was not a success
  CONSTRAINT endpoint_or_url CHECK ((endpoint_id IS NULL) <> (url IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, created_at, id);

CREATE INDEX webhook_deliveries_by_job ON webhook_deliveries (job_id);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

CREATE TABLE webhook_endpoints (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  key_id TEXT NOT NULL, -- the key that registered it
  url TEXT NOT NULL,
  origin TEXT NOT NULL, -- of this API, as that client called it: links in payloads lead there
  events TEXT NOT NULL CHECK (json_valid(events)),
  description TEXT NOT NULL,
  disabled_at INTEGER,
  disabled_reason TEXT,
  created_at INTEGER NOT NULL,
  CONSTRAINT reason_iff_disabled CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_endpoints_by_owner ON webhook_endpoints (owner_id, created_at, id);

CREATE TABLE webhook_secrets (
  signer TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_until INTEGER,
  CONSTRAINT previous_has_an_end CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) STRICT, WITHOUT ROWID;
