// Whoever brings the jobs: it tries again until it was told that a job was taken.
import { insertJobs } from "../../shared/db/jobs/jobs.ts";
import { uploadJobId } from "../../shared/uploads/announcement.ts";
import { MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { wake } from "../../shared/jobs/wake.ts";
import { d1Door } from "./d1-door.ts";
import { type Network, queueDoor } from "./network.ts";
import type { Invocation, World } from "./world.ts";
import { describedJob, sourceOf, type Work } from "./work.ts";

const BUCKET = "darkroom-media";
export const WAKE_GRACE_MS = 300_000;

/** Describe jobs by the intake that the API ends in. @returns once they are accepted; throws where the client was told no. */
export async function submit(
  world: World,
  invocation: Invocation,
  network: Network,
  works: readonly Work[],
): Promise<void> {
  const now = Math.floor(world.clock.now());
  const described = await Promise.all(works.map((work) => describedJob(work, now)));
  const jobs = described.filter((job) => job !== null);
  for (const job of jobs) world.jobIds.set(job.id.replace("job_", ""), job.id);
  const { ready, opened } = await insertJobs(d1Door(world, invocation), { jobs, uploads: [] }, now);
  await wake(queueDoor(world, invocation, network, "media-tasks"), [...ready, ...opened]);
}

/** Put an object into the inbox as any S3 tool would, and have R2 announce it. From here on it may not be lost. */
export async function putAndAnnounce(world: World, network: Network, work: Work): Promise<void> {
  const { key, body } = sourceOf(work);
  const object = await world.real.MEDIA.put(key, body);
  if (object === null) throw new Error(`R2 did not take '${key}'`);
  world.uploadedAt.set(key, world.clock.now());
  world.jobIds.set(work.mark, await uploadJobId({ bucket: MEDIA_BUCKET, key, etag: object.etag }));
  network.send("media-uploads", {
    account: "0",
    action: "PutObject",
    bucket: BUCKET,
    object: { key, size: object.size, eTag: object.etag },
    eventTime: new Date(world.clock.now()).toISOString(),
  });
}

/** The job that an inserted or announced work became can be counted on only once it has a task. */
export async function countUnfinished(world: World, objectsPut: number): Promise<number> {
  const row = await world.real.DB.prepare(
    `SELECT (SELECT count(*) FROM tasks WHERE finalized_at IS NULL) AS tasks, (SELECT count(*) FROM uploads) AS uploads`,
  ).first<{ tasks: number; uploads: number }>();
  return (row?.tasks ?? 0) + objectsPut - (row?.uploads ?? 0);
}
