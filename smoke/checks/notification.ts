import { put, refusedPut, smallText, unlessUnsigned } from "../bucket.ts";
import { type Check, type Finding, Failure, pass, type Smoke } from "../check.ts";
import { seconds } from "../job-figures.ts";

const work = smallText();
/** Together with the run's own tag, it finds this check's job among any others. */
const TAG = "smoke-notification";

/** Measures the time from a PUT until the bucket's notification has made a job, without a call that completes the upload. */
export const notification: Check = {
  name: "notification",
  work: [work],
  run: (smoke) => unlessUnsigned(() => announce(smoke)),
};

async function announce(smoke: Smoke): Promise<Finding> {
  const { client, waits, isLocal, runId } = smoke;
  const ticket = await smoke.announce(work, { method: "single", tag: TAG });
  const stored = await put(smoke, ticket.url ?? "", { body: work.file(smoke.media), headers: ticket.headers });
  if (!stored.ok) throw refusedPut("a presigned PUT", ticket, stored);
  const putAt = Date.now();
  const find = async () => {
    const { items } = await client.jobs.list({ tag: [runId, TAG] }).page();
    const [job] = items;
    if (job !== undefined) return { jobId: job.id, ignoredReason: null };
    // The list of uploads shows an object without a job, among the latest of every owner.
    return (await client.uploads.list()).find(({ key, jobId }) => key === ticket.key && jobId === null) ?? null;
  };
  const found = await smoke.until(find, waits.notificationMs);
  if (found === null) {
    const means = `No notification of an object came within ${seconds(waits.notificationMs)}. The sweep finds it after some minutes.`;
    const todo = isLocal
      ? "Offline the sweep runs every few seconds. Check that npm start still runs."
      : "npx wrangler r2 bucket notification list BUCKET must show the rule: object-create, prefix inbox/, to the queue of uploads. bin/provision creates it.";
    throw new Failure(means, todo);
  }
  const tookMs = Date.now() - putAt;
  if (found.jobId === null) {
    throw new Failure(
      `The object was announced but did not become a job: ${found.ignoredReason ?? ""}`,
      "See docs/uploads.md, Any S3 tool.",
    );
  }
  await smoke.end(found.jobId);
  const how = isLocal ? "The sweep, which stands in for notifications offline," : "The bucket's notification";
  return pass(`${how} created the job of an object ${seconds(tookMs)} after its PUT.`);
}
