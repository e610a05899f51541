// What jobs have made, downloaded as a client does.
import type { Job } from "../client/index.ts";
import { Failure, type Smoke } from "./check.ts";

/** @throws Failure where its result cannot be downloaded, or is no picture. */
export async function readPicture({ client }: Smoke, { id, artifacts }: Job): Promise<string> {
  const found = artifacts.find(({ contentType }) => contentType.startsWith("image/"));
  const bytes = found && (await new Response((await client.jobs.download(id, found.name)).stream).arrayBuffer());
  if (found === undefined || bytes?.byteLength !== found.sizeBytes || bytes.byteLength === 0) {
    throw new Failure(
      `Job ${id} completed, and its picture cannot be downloaded.`,
      "Check that the object is in the bucket: docs/operations.md, R2 fails.",
    );
  }
  return `${found.contentType} of ${bytes.byteLength} bytes`;
}

/** Empty where there is none. */
export async function readText({ client }: Smoke, { id, artifacts }: Job, name: string): Promise<string> {
  if (!artifacts.some((artifact) => artifact.name === name)) return "";
  const { stream } = await client.jobs.download(id, name);
  return (await new Response(stream).text()).trim();
}
