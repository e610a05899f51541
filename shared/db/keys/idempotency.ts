import { DAY_MS } from "../../durations.ts";

/** An answer is kept this long. */
export const KEPT_MS = DAY_MS;

/** A run that has not answered by then has died with its Worker, and another may take its place. */
export const RUN_MS = 60_000;

export interface KeyedRequest {
  readonly ownerId: string;
  readonly key: string;
  /** Method and path. */
  readonly operation: string;
  readonly requestHash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Begun =
  /** This run answers. The ids of what it creates are derived from the seed. */
  | { readonly type: "mine"; readonly seed: string }
  | { readonly type: "in_flight" }
  | { readonly type: "mismatch"; readonly operation: string }
  | { readonly type: "answered"; readonly answer: StoredAnswer };

interface Row {
  readonly operation: string;
  readonly requestHash: string;
  readonly seed: string;
  readonly runId: string;
  readonly status: number | null;
  readonly headers: string | null;
  readonly body: string | null;
}

/**
 * Become the run that answers a request, or learn the state of the request. The row is inserted before the work begins:
 * only one of several simultaneous requests runs. If a run dies, the next one has the same seed.
 */
export async function beginRequest(
  db: D1Database,
  { ownerId, key, operation, requestHash }: KeyedRequest,
  { runId, now }: { runId: string; now: number },
): Promise<Begun> {
  const [, , rows] = await db.batch<Row>([
    db
      .prepare(`DELETE FROM idempotency_keys WHERE owner_id = ?1 AND key = ?2 AND created_at <= ?3`)
      .bind(ownerId, key, now - KEPT_MS),
    db
      .prepare(
        `INSERT INTO idempotency_keys (owner_id, key, operation, request_hash, seed, run_id, run_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?6)
         ON CONFLICT (owner_id, key) DO UPDATE SET run_id = excluded.run_id, run_at = excluded.run_at
          WHERE status IS NULL AND run_at <= ?7 AND operation = excluded.operation AND request_hash = excluded.request_hash`,
      )
      .bind(ownerId, key, operation, requestHash, runId, now, now - RUN_MS),
    db
      .prepare(
        `SELECT operation, request_hash AS requestHash, seed, run_id AS runId, status, headers, body
           FROM idempotency_keys WHERE owner_id = ?1 AND key = ?2`,
      )
      .bind(ownerId, key),
  ]);
  const row = rows?.results[0];
  if (row === undefined) throw new Error(`the row of idempotency key '${key}' was written and cannot be read`);
  if (row.runId === runId) return { type: "mine", seed: row.seed };
  if (row.operation !== operation || row.requestHash !== requestHash) {
    return { type: "mismatch", operation: row.operation };
  }
  if (row.status === null) return { type: "in_flight" };
  const headers = JSON.parse(row.headers ?? "{}") as Record<string, string>;
  return { type: "answered", answer: { status: row.status, headers, body: row.body ?? "" } };
}

/** Keep the answer for repeated requests. */
export async function keepAnswer(
  db: D1Database,
  { ownerId, key }: KeyedRequest,
  runId: string,
  answer: StoredAnswer,
): Promise<void> {
  await db
    .prepare(
      `UPDATE idempotency_keys SET status = ?4, headers = ?5, body = ?6
        WHERE owner_id = ?1 AND key = ?2 AND run_id = ?3 AND status IS NULL`,
    )
    .bind(ownerId, key, runId, answer.status, JSON.stringify(answer.headers), answer.body)
    .run();
}

/** Let the next request run at once, with the same seed: this run produced nothing that is worth keeping. */
export async function releaseRequest(db: D1Database, { ownerId, key }: KeyedRequest, runId: string): Promise<void> {
  await db
    .prepare(
      `UPDATE idempotency_keys SET run_at = 0 WHERE owner_id = ?1 AND key = ?2 AND run_id = ?3 AND status IS NULL`,
    )
    .bind(ownerId, key, runId)
    .run();
}

/** An answer as its row stores it. */
export interface KeptAnswer {
  readonly key: string;
  readonly status: number;
  /** JSON. */
  readonly headers: string;
  readonly body: string;
}

/** Find the answers of an owner that name this job. */
export async function findAnswers(db: D1Database, ownerId: string, jobId: string): Promise<readonly KeptAnswer[]> {
  const { results } = await db
    .prepare(
      `SELECT key, status, headers, body FROM idempotency_keys
        WHERE owner_id = ?1 AND status IS NOT NULL AND instr(body, ?2) > 0`,
    )
    .bind(ownerId, jobId)
    .all<KeptAnswer>();
  return results;
}

/** Replace the answers that repeated requests get. */
export async function replaceAnswers(db: D1Database, ownerId: string, answers: readonly KeptAnswer[]): Promise<void> {
  if (answers.length === 0) return;
  await db.batch(
    answers.map(({ key, status, headers, body }) =>
      db
        .prepare(
          `UPDATE idempotency_keys SET status = ?3, headers = ?4, body = ?5
            WHERE owner_id = ?1 AND key = ?2 AND status IS NOT NULL`,
        )
        .bind(ownerId, key, status, headers, body),
    ),
  );
}

/** @returns how many answers were forgotten. */
export async function pruneAnswers(db: D1Database, now: number, limit: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM idempotency_keys
        WHERE (owner_id, key) IN (SELECT owner_id, key FROM idempotency_keys WHERE created_at <= ?1
                                   ORDER BY created_at LIMIT ?2)`,
    )
    .bind(now - KEPT_MS, limit)
    .run();
  return meta.changes;
}
