import type { StoredArtifact } from "../../shared/jobs/outcome.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { artifactKey } from "../../shared/uploads/storage.ts";
import type { Attempt } from "../runner/attempt.ts";
import { paidFor } from "./reuse-result.ts";

export interface NewArtifact {
  readonly name: string;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** The calls that were paid for it: by default all that the attempt has been charged for. */
  readonly paid?: readonly ModelCall[];
}

/** Put a result into R2. */
export async function storeArtifact(
  { task, calls, stored }: Attempt,
  { name, contentType, body, paid = calls }: NewArtifact,
  media: R2Bucket,
): Promise<StoredArtifact> {
  const key = artifactKey(task.jobId, task.attempt, name);
  stored.push(name); // before the call: R2 may store the object and answer with an error
  const customMetadata = paidFor(paid, task.editedAfter);
  const object = await patiently(() => media.put(key, body, { httpMetadata: { contentType }, customMetadata }));
  return storedArtifact(name, object, contentType);
}

/** Return a stored result as an artifact of the same name. Every result was stored with its content type. */
export function artifactOf(object: R2Object): StoredArtifact {
  const name = object.key.slice(object.key.lastIndexOf("/") + 1);
  return storedArtifact(name, object, object.httpMetadata?.contentType ?? "application/octet-stream");
}

/** Return an object in R2 as an artifact of a job. */
export function storedArtifact(name: string, object: R2Object, contentType: string): StoredArtifact {
  return { name, key: object.key, contentType, sizeBytes: object.size, etag: object.etag };
}
