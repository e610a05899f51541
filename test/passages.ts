import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import type { EmbeddedPassage } from "../shared/search/passage.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { JobWork } from "../shared/kinds/index.ts";

/** Insert a job's row without an event, because passages belong to a job. */
export async function insertJob(db: D1Database, id: string, ownerId = "operator"): Promise<void> {
  const now = Date.now();
  const work = JobWork.parse({ kind: "classification", input: { text: "x", options: {} } });
  const terms = { ...DEFAULT_TERMS, reuse: false };
  const job = await newJob(work, terms, { id, ownerId, createdAt: now });
  await insertJobs(db, { jobs: [job], uploads: [] }, now);
}

/** Passages of a second each. `angle` stands for the meaning, in degrees. */
export function passagesOf(
  jobId: string,
  texts: readonly { text: string; angle?: number }[],
): readonly EmbeddedPassage[] {
  return texts.map(({ text, angle = 90 }, index): EmbeddedPassage => {
    const timed = { startMs: index * 1000, endMs: index * 1000 + 900 };
    return { id: `${jobId}:transcript:${index}`, source: "transcript", text, ...timed, vector: towards(angle) };
  });
}

/** Return a vector that is not normalised. */
export function towards(degrees: number): Float32Array {
  const angle = (degrees / 180) * Math.PI;
  return Float32Array.of(3 * Math.cos(angle), 3 * Math.sin(angle));
}

/** Add the task that embeds a job's result, and wake a consumer. */
export async function embedJob({ DB, TASKS }: Pick<Env, "DB" | "TASKS">, jobId: string): Promise<void> {
  const taskId = `${jobId}.embed`;
  await DB.prepare(
    `INSERT INTO tasks (id, job_id, kind, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id, is_side)
     SELECT ?1, id, 'embed', 'available', '{}', 5, ?2, ?3, ?2, owner_id, 1 FROM jobs WHERE id = ?4`,
  )
    .bind(taskId, Date.now(), Date.now() + 60_000, jobId)
    .run();
  await TASKS.send({ v: 1 });
}
