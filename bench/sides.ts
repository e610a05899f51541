import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../shared/jobs/terms.ts";
import { wake } from "../shared/jobs/wake.ts";
import type { Bench } from "./harness.ts";
import type { Source } from "../shared/jobs/source.ts";

/** One of the two consumers, seen from outside. */
export interface Side {
  /** Delete earlier jobs and create one for each source. Returns a function that sends all their messages. */
  prepare(sources: readonly Source[]): Promise<() => Promise<void>>;
  countCompleted(): Promise<number>;
}

const MESSAGES_A_CALL = 100;

/** Jobs in one statement: their JSON is one bound value, which has at most 2 MB. */
const JOBS_A_CALL = 500;

/** Insert a job for each picture. Returns the jobs, each with the task to wake for. */
export async function insertClassifications(
  db: D1Database,
  sources: readonly Source[],
): Promise<readonly { readonly id: string; readonly taskId: string }[]> {
  const now = Date.now();
  const jobs = await Promise.all(
    sources.map((source) =>
      newJob(
        { kind: "classification", input: { source, media: "image", options: { topK: 5, minScore: 0 } } },
        // Every round uses the same pictures and must classify each again.
        { ...DEFAULT_TERMS, reuse: false },
        { id: `job_${crypto.randomUUID().replaceAll("-", "")}`, ownerId: "operator", createdAt: now },
      ),
    ),
  );
  for (let start = 0; start < jobs.length; start += JOBS_A_CALL) {
    await insertJobs(db, { jobs: jobs.slice(start, start + JOBS_A_CALL), uploads: [] }, now);
  }
  return jobs;
}

/** Jobs are inserted before the clock starts, as the producer would do it. The measurement begins with their messages. */
export function darkroom({ oursEnv: { DB, TASKS } }: Bench): Side {
  return {
    async prepare(sources) {
      await DB.prepare("DELETE FROM jobs").run();
      const inserted = await insertClassifications(DB, sources);
      return () =>
        wake(
          TASKS,
          inserted.map(({ taskId }) => taskId),
        );
    },
    async countCompleted() {
      return (await DB.prepare("SELECT count(*) AS n FROM jobs WHERE finalized_at > 0").first<number>("n")) ?? 0;
    },
  };
}

export function tutorial({ theirsEnv: { DB, IMAGES } }: Bench): Side {
  return {
    async prepare(sources) {
      await DB.prepare("DELETE FROM results").run();
      return async () => {
        for (let start = 0; start < sources.length; start += MESSAGES_A_CALL) {
          const keys = sources.slice(start, start + MESSAGES_A_CALL);
          await IMAGES.sendBatch(keys.map(({ key }) => ({ body: { key } })));
        }
      };
    },
    async countCompleted() {
      return (await DB.prepare("SELECT count(*) AS n FROM results").first<number>("n")) ?? 0;
    },
  };
}
