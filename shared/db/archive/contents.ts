// What a job consists of besides its row, as SQL: the archiver reads it, compares it and deletes it, and a job that is brought back
// gets it again.

/** The columns of a task that has ended. Its lease is over, and its job and owner are those of the line. `args` is written apart. */
export const TASK_COLUMNS = [
  "id",
  "kind",
  "stage",
  "state",
  "format",
  "priority",
  "model",
  "preferred_model",
  "attempt",
  "max_attempts",
  "edited_after",
  "lost",
  "lost_alone",
  "is_waiting",
  "scheduled_at",
  "check_at",
  "created_at",
  "finalized_at",
  "recording",
] as const;

export const ATTEMPT_COLUMNS = [
  "task_id",
  "number",
  "outcome",
  "started_at",
  "finished_at",
  "model",
  "engine",
  "neurons",
  "usage",
  "operations",
  "error_code",
  "error_message",
] as const;

export const ARTIFACT_COLUMNS = ["name", "key", "content_type", "size_bytes", "etag"] as const;

export const CHUNK_COLUMNS = ["own_start_ms", "own_end_ms", "heard"] as const;

/** D1 gives a function at most 32 arguments (developers.cloudflare.com/d1/platform/limits). The runtime on this machine gives more. */
const COLUMNS_A_CALL = 15;

/** SQL: the columns of a table as a JSON object. `more` has SQL by name. */
export function objectOf(
  table: string,
  columns: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string {
  const values = [...columns.map((column) => [column, `${table}.${column}`] as const), ...Object.entries(more)];
  const some = (start: number, prefix: string) =>
    values
      .slice(start, start + COLUMNS_A_CALL)
      .map(([name, sql]) => `'${prefix}${name}', ${sql}`)
      .join(", ");
  let object = `json_object(${some(0, "")})`;
  for (let start = COLUMNS_A_CALL; start < values.length; start += COLUMNS_A_CALL) {
    object = `json_set(${object}, ${some(start, "$.")})`;
  }
  return object;
}

export const arrayOf = (object: string, from: string) =>
  `(SELECT json_group_array(json(one)) FROM (SELECT ${object} AS one FROM ${from}))`;

// A first task has its job's input as its arguments: they are not stored twice.
const TASK = objectOf("t", TASK_COLUMNS, { args: "nullif(t.args, j.input)" });
const OWN = "t.job_id = j.id AND t.is_side = 0";

/** What job `j` has several of: SQL of one of them, and where they are, in order. */
export const PARTS = {
  tasks: { object: TASK, from: `tasks t WHERE ${OWN} ORDER BY t.id` },
  attempts: {
    object: objectOf("a", ATTEMPT_COLUMNS),
    from: `tasks t JOIN attempts a ON a.task_id = t.id WHERE ${OWN} ORDER BY a.task_id, a.number`,
  },
  artifacts: { object: objectOf("a", ARTIFACT_COLUMNS), from: "artifacts a WHERE a.job_id = j.id ORDER BY a.name" },
} as const;

/**
 * SQL: what job `j` consists of, except its chunks. The same rows always make the same text, so that the archiver can compare what
 * it wrote with what there is. Deliveries and their tasks belong to a webhook's log, and stay.
 */
export const HEAD = `json_object('input', j.input, 'choice', j.choice, 'estimate', j.estimate, ${Object.entries(PARTS)
  .map(([name, { object, from }]) => `'${name}', ${arrayOf(object, from)}`)
  .join(", ")})`;

const lengthOf = (...columns: readonly string[]) =>
  columns.map((column) => `coalesce(length(${column}), 0)`).join(" + ");

/** SQL: about how many characters `HEAD` gives for job `j`: the texts, and for each row its names and numbers. */
export const HEAD_CHARS = `CAST(${lengthOf("j.input", "j.choice", "j.estimate")}
  + (SELECT total(500 + length(t.args)) FROM tasks t WHERE ${OWN})
  + (SELECT total(300 + ${lengthOf("a.usage", "a.operations", "a.error_message")})
       FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE ${OWN})
  + (SELECT total(150 + length(a.name) + length(a.key)) FROM artifacts a WHERE a.job_id = j.id) AS INTEGER)`;

/** How much of a prompt or a text stays in the row: lists show its beginning (shared/jobs/job-title.ts) and search it. */
const TITLE_CHARS = 500;

/** SQL: what stays of the input of job `j`: what finds it. The id of an object's own job comes from the object's etag. */
export const THIN_INPUT = `json_patch('{}', json_object(
  'prompt', substr(j.input ->> '$.prompt', 1, ${TITLE_CHARS}), 'text', substr(j.input ->> '$.text', 1, ${TITLE_CHARS}),
  'source', iif(j.input ->> '$.source.key' IS NULL, NULL,
                json_object('key', j.input ->> '$.source.key', 'etag', iif(j.is_of_source, NULL, j.input ->> '$.source.etag')))))`;

/** Hexadecimal: 64 bits. Only jobs of one owner are compared, and half as many characters are half of the index. */
const THIN_FINGERPRINT_CHARS = 16;

/** SQL: what stays of a fingerprint. The line has all of it. */
export const thinFingerprint = (fingerprint: string) => `substr(${fingerprint}, 1, ${THIN_FINGERPRINT_CHARS})`;

export const isThinFingerprint = (fingerprint: string) => `length(${fingerprint}) = ${THIN_FINGERPRINT_CHARS}`;

/** SQL: what the attempts of job `j` that leave the database have cost. */
export const NEURONS = `(SELECT total(a.neurons) FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE ${OWN})`;

export const CHUNK = objectOf("c", CHUNK_COLUMNS);

/** SQL: columns of the JSON object `r.value`. */
export const valuesOf = (columns: readonly string[]) => columns.map((column) => `r.value ->> '${column}'`).join(", ");
