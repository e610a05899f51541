import type { ListedJob, Prediction } from "../../replicate/prediction.ts";

interface PredictionRow extends Omit<Prediction, "input" | "events"> {
  readonly input: string;
  readonly events: string;
}

const COLUMNS = `p.job_id AS jobId, p.owner_id AS ownerId, p.model, p.input, p.webhook, p.key_id AS keyId,
                 p.events, p.origin`;

/** Insert a prediction, in the transaction that inserts its job. */
export function insertPrediction(db: D1Database, prediction: Prediction, now: number): D1PreparedStatement {
  const { jobId, ownerId, model, input, webhook, keyId, events, origin } = prediction;
  return db
    .prepare(
      `INSERT INTO predictions (job_id, owner_id, created_at, model, input, webhook, key_id, events, origin)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM jobs WHERE id = ?1 AND owner_id = ?2)`,
    )
    .bind(jobId, ownerId, now, model, JSON.stringify(input), webhook, keyId, JSON.stringify(events), origin);
}

export async function findPrediction(db: D1Database, jobId: string): Promise<Prediction | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM predictions p WHERE p.job_id = ?1`)
    .bind(jobId)
    .first<PredictionRow>();
  return row === null ? null : fromRow(row);
}

/** List predictions, newest first; `before` is the position (time and id) of the last one seen. */
export async function listPredictions(
  db: D1Database,
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly { readonly prediction: Prediction; readonly job: ListedJob; readonly at: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS}, p.created_at AS at, j.state, j.error_message AS errorMessage, j.created_at AS createdAt,
              j.started_at AS startedAt, j.finalized_at AS finalizedAt
         FROM predictions p JOIN jobs j ON j.id = p.job_id
        WHERE p.owner_id = ?1 AND (p.created_at, p.job_id) < (?2, ?3)
        ORDER BY p.created_at DESC, p.job_id DESC LIMIT ?4`,
    )
    .bind(page.ownerId, page.before?.at ?? Number.MAX_SAFE_INTEGER, page.before?.id ?? "", page.limit)
    .all<PredictionRow & Omit<ListedJob, "id"> & { at: number }>();
  return results.map((row) => ({ prediction: fromRow(row), job: { ...row, id: row.jobId }, at: row.at }));
}

// Our own JSON, from insertPrediction.
function fromRow({ jobId, ownerId, model, input, webhook, keyId, events, origin }: PredictionRow): Prediction {
  return {
    jobId,
    ownerId,
    model,
    input: JSON.parse(input) as Prediction["input"],
    webhook,
    keyId,
    events: JSON.parse(events) as Prediction["events"],
    origin,
  };
}
