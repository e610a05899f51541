import { MEDIA_BUCKET } from "../../uploads/storage.ts";
import type { JobKind } from "../../kinds/index.ts";
import type { JobState } from "../../jobs/job.ts";
import type { Traces } from "../../cost/reckoning.ts";
import type { TaskKind } from "../../jobs/task-kind.ts";

export interface ReceiptJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly finalizedAt: number | null;
  readonly reusedFrom: string | null;
  readonly savedNeurons: number | null;
}

export interface ReceiptAttempt {
  readonly taskId: string;
  readonly kind: TaskKind;
  readonly number: number;
  readonly outcome: string;
  readonly finishedAt: number;
  /** JSON array of `ModelCall`; null if no model was asked. */
  readonly usage: string | null;
  /** JSON of `Operations`; null if they were not counted. */
  readonly operations: string | null;
}

/** Everything that a job's receipt is made of. */
export interface ReceiptDetail {
  readonly job: ReceiptJob;
  readonly attempts: readonly ReceiptAttempt[];
  readonly traces: Omit<Traces, "attempts" | "attemptsAgain" | "attemptsAsking">;
}

type TracesRow = Record<keyof ReceiptDetail["traces"], number>;

/** Read the rows of a receipt in one round trip; null if this owner has no such job, or if it is archived. */
export async function readReceipt(
  db: D1Database,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<ReceiptDetail | null> {
  const [jobs, attempts, traces] = await db.batch<never>([
    db
      .prepare(
        `SELECT id, kind, state, finalized_at AS finalizedAt, reused_from AS reusedFrom, saved_neurons AS savedNeurons
           FROM jobs WHERE id = ?1 AND owner_id = ?2 AND archive_id IS NULL`,
      )
      .bind(id, ownerId),
    db
      .prepare(
        `SELECT a.task_id AS taskId, t.kind, a.number, a.outcome, a.finished_at AS finishedAt, a.usage, a.operations
           FROM tasks t JOIN attempts a ON a.task_id = t.id WHERE t.job_id = ?1 ORDER BY a.started_at, a.task_id, a.number`,
      )
      .bind(id),
    db
      .prepare(
        `SELECT j.input ->> '$.source.key' IS NOT NULL AS hasSource, j.finalized_at IS NOT NULL AS isEnded,
                EXISTS (SELECT 1 FROM uploads u
                         WHERE u.key = j.input ->> '$.source.key' AND u.etag = j.input ->> '$.source.etag'
                           AND u.bucket = ?2 AND u.job_id = j.id) AS hasUpload,
                (SELECT count(*) FROM tasks WHERE job_id = j.id AND (stage = 1 OR is_side = 1)) AS furtherTasks,
                (SELECT count(*) FROM tasks WHERE job_id = j.id AND stage > 1) AS laterTasks,
                (SELECT count(*) FROM tasks WHERE job_id = j.id AND state <> 'pending' AND (attempt > 0 OR finalized_at IS NULL)) AS wokenTasks,
                (SELECT count(*) FROM artifacts WHERE job_id = j.id) AS artifacts,
                (SELECT count(*) FROM job_labels WHERE job_id = j.id) AS labels,
                (SELECT count(*) FROM chunks WHERE job_id = j.id) AS chunks,
                (SELECT count(*) FROM passages WHERE job_id = j.id) AS passages,
                (SELECT count(*) FROM dead_letters WHERE job_id = j.id) AS deadLetters,
                (SELECT count(*) FROM webhook_deliveries WHERE job_id = j.id) AS deliveries
           FROM jobs j WHERE j.id = ?1 AND j.owner_id = ?3`,
      )
      .bind(id, MEDIA_BUCKET, ownerId),
  ]);
  const job: ReceiptJob | undefined = jobs?.results[0];
  const [row] = (traces?.results ?? []) as TracesRow[];
  if (job === undefined || row === undefined) return null;
  const { hasSource, hasUpload, isEnded, ...counts } = row;
  return {
    job,
    attempts: attempts?.results ?? [],
    traces: { ...counts, hasSource: hasSource === 1, hasUpload: hasUpload === 1, isEnded: isEnded === 1 },
  };
}
