// The results of jobs, downloaded as a client does it.
import type { Job } from "../client/index.ts";
import { Failure, type Smoke } from "./check.ts";

/** Read the picture of a job. @throws Failure if it cannot be downloaded, or is not a picture. */
export async function readPicture({ client }: Smoke, { id, artifacts }: Job): Promise<string> {
  const found = artifacts.find(({ contentType }) => contentType.startsWith("image/"));
  const bytes = found && (await new Response((await client.jobs.download(id, found.name)).stream).arrayBuffer());
  if (found === undefined || bytes?.byteLength !== found.sizeBytes || bytes.byteLength === 0) {
    throw new Failure(
      `Job ${id} completed, but its picture cannot be downloaded.`,
      "Check that the object is in the bucket: docs/operations.md, R2 fails.",
    );
  }
  return `${found.contentType} of ${bytes.byteLength} bytes`;
}

/** Read a text result; empty if the job has none. */
export async function readText({ client }: Smoke, { id, artifacts }: Job, name: string): Promise<string> {
  if (!artifacts.some((artifact) => artifact.name === name)) return "";
  const { stream } = await client.jobs.download(id, name);
  return (await new Response(stream).text()).trim();
}
