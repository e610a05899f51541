import { put, refusedPut, smallText, unlessUnsigned } from "../bucket.ts";
import { type Check, type Finding, Failure, pass, type Smoke } from "../check.ts";

const work = smallText();

/** A multipart upload of one small part. It checks the signed condition of a part, and the joining of parts. */
export const multipart: Check = { name: "multipart", work: [work], run: (smoke) => unlessUnsigned(() => send(smoke)) };

async function send(smoke: Smoke): Promise<Finding> {
  const ticket = await smoke.announce(work, { method: "multipart" });
  const [part] = ticket.parts ?? [];
  if (part === undefined) throw new Failure("The API signed no part.", "Check which version of Darkroom is deployed.");
  const stored = await put(smoke, part.url, { body: work.file(smoke.media), headers: ticket.headers });
  if (!stored.ok) throw refusedPut("a part of a multipart upload", ticket, stored);
  const { id } = await smoke.client.uploads.complete(ticket.id, [{ number: part.number, etag: stored.etag }]);
  const job = await smoke.end(id);
  if (job.state !== "completed") {
    throw new Failure(`The parts were joined, but their job ${id} ${job.state}.`, "docs/operations.md, R2 fails.");
  }
  const condition = "x-amz-copy-source-if-match" in ticket.headers ? "with" : "without";
  return pass(`A part ${condition} the condition against copies was accepted and became a job.`);
}
