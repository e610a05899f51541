// Deletes what the run has created, even if it was interrupted. It finds jobs by their tags, not from memory.
import { type Client, DarkroomError } from "../client/index.ts";
import { Failure, type Finding, pass } from "./check.ts";
import { RUN_ID, TAG } from "./smoke.ts";

/** Jobs of a killed run are older than this. Younger ones may belong to another run that is still going on. */
const LEFT_BEHIND_MS = 3_600_000;
/** A notification that was being delivered when the run ended may still make a job. */
const ROUNDS = 3;

export interface Made {
  readonly runId: string;
  /** Uploads that were announced. */
  readonly uploads: ReadonlySet<string>;
}

/** Delete jobs with their results and sources, announced uploads, and webhook endpoints. @throws Failure if something is left. */
export async function cleanUp(client: Client, { runId, uploads }: Made): Promise<Finding> {
  if (!RUN_ID.test(runId)) throw new Error(`'${runId}' is not the name of a run, so nothing was deleted`);
  const problems: string[] = [];
  const tried = async (what: string, run: () => Promise<unknown>, isFine: readonly string[] = []) => {
    await run().catch((error: unknown) => {
      if (error instanceof DarkroomError && isFine.includes(error.code)) return;
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  for (const id of uploads) await tried(`upload ${id}`, () => endUpload(client, id), ["upload_not_found"]);
  let endpoints = 0;
  for await (const { id, description } of client.webhooks.list()) {
    if (description !== runId) continue;
    endpoints += 1;
    await tried(`webhook ${id}`, () => client.webhooks.delete(id));
  }
  const deleted = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const jobs = await jobsOf(client, { tag: runId });
    if (jobs.length === 0) break;
    for (const id of jobs) {
      await tried(`job ${id}`, () => client.jobs.delete(id, { source: true }), ["job_not_found"]);
      deleted.add(id);
    }
  }
  const createdBefore = new Date(Date.now() - LEFT_BEHIND_MS).toISOString();
  const older = await jobsOf(client, { tag: TAG, createdBefore });
  for (const id of older) await tried(`job ${id}`, () => client.jobs.delete(id, { source: true }), ["job_not_found"]);

  const left = await jobsOf(client, { tag: runId });
  if (left.length > 0 || problems.length > 0) {
    const means = [`${left.length} jobs of this run are still there.`, ...problems].join("\n");
    throw new Failure(means, `bin/darkroom ls --all --tag ${runId} --json | jq -r .id | bin/darkroom rm --source -`);
  }
  const before = older.length === 0 ? "" : ` ${older.length} jobs of earlier, killed runs are deleted too.`;
  return pass(`${deleted.size} jobs with results and sources and ${endpoints} endpoints are deleted.${before}`);
}

/** Abort an upload. If its object is stored, make sure that it is a job, which is then deleted as one. */
async function endUpload(client: Client, id: string): Promise<void> {
  try {
    await client.uploads.abort(id);
  } catch (error) {
    if (!(error instanceof DarkroomError) || error.code !== "upload_finished") throw error;
    const { state } = await client.uploads.get(id);
    if (state === "pending") await client.uploads.complete(id, undefined);
  }
}

async function jobsOf(client: Client, query: { tag: string; createdBefore?: string }): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id, tags } of client.jobs.list({ ...query, limit: 100 })) {
    // Both tags are required: another person may use one of them for their own jobs.
    if (tags.includes(TAG) && tags.some((tag) => RUN_ID.test(tag))) ids.push(id);
  }
  return ids;
}
