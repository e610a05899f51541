import { put, refusedPut, smallText, unlessUnsigned } from "../bucket.ts";
import { type Check, type Finding, Failure, pass, type Smoke } from "../check.ts";

const work = smallText();

/** One PUT directly into the bucket, completed into a job. */
export const presigned: Check = { name: "presigned", work: [work], run: (smoke) => unlessUnsigned(() => send(smoke)) };

async function send(smoke: Smoke): Promise<Finding> {
  const ticket = await smoke.announce(work, { method: "single" });
  const sent = { body: work.file(smoke.media), headers: ticket.headers };
  const stored = await put(smoke, ticket.url ?? "", sent);
  if (!stored.ok) throw refusedPut("a presigned PUT", ticket, stored);
  const { id } = await smoke.client.uploads.complete(ticket.id, undefined);
  const job = await smoke.end(id);
  if (job.state !== "completed") {
    throw new Failure(`The object is in the bucket, but its job ${id} ${job.state}.`, "docs/operations.md, R2 fails.");
  }
  const again = await put(smoke, ticket.url ?? "", sent);
  const once = again.ok
    ? "accepts a second PUT to the same URL, which does no harm: one upload is one job"
    : `refuses a second PUT to the same URL (${again.status})`;
  return pass(`A PUT went directly into the bucket and became a job. The bucket ${once}.`);
}
