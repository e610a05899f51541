// The client that submits the jobs. It tries again until it gets an answer that the job was accepted.
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

/** Submit jobs through the function in which the API ends. Returns when they are accepted; throws if the client got an error. */
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

/** Put an object into the inbox as any S3 tool would, and let R2 announce it. From here on it must not be lost. */
export async function putAndAnnounce(world: World, network: Network, work: Work): Promise<void> {
  const { key, body } = sourceOf(work);
  const object = await world.real.MEDIA.put(key, body);
  if (object === null) throw new Error(`R2 did not store '${key}'`);
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

/** Count what has not ended. A work that was inserted or announced counts as a job only once it has a task. */
export async function countUnfinished(world: World, objectsPut: number): Promise<number> {
  const row = await world.real.DB.prepare(
    `SELECT (SELECT count(*) FROM tasks WHERE finalized_at IS NULL) AS tasks, (SELECT count(*) FROM uploads) AS uploads`,
  ).first<{ tasks: number; uploads: number }>();
  return (row?.tasks ?? 0) + objectsPut - (row?.uploads ?? 0);
}
