import type { ModelCall } from "../../shared/models/model-call.ts";
import { artifactKey } from "../../shared/uploads/storage.ts";
import type { StoredArtifact } from "../../shared/jobs/settlement.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { TaskContext } from "./processor.ts";
import { paidFor } from "./reuse-result.ts";

/** Put a result into R2. `paid` is what it cost: by default all that the attempt has been charged for. */
export async function storeArtifact(
  { jobId, attempt, media, calls, editedAfter }: TaskContext,
  artifact: { name: string; contentType: string; body: string | Uint8Array; paid?: readonly ModelCall[] },
): Promise<StoredArtifact> {
  const key = artifactKey(jobId, attempt, artifact.name);
  const object = await patiently(() =>
    media.put(key, artifact.body, {
      httpMetadata: { contentType: artifact.contentType },
      customMetadata: paidFor(artifact.paid ?? calls, editedAfter),
    }),
  );
  return storedArtifact(artifact.name, object, artifact.contentType);
}

/** An object in R2 as the artifact of a job. */
export function storedArtifact(name: string, object: R2Object, contentType: string): StoredArtifact {
  return { name, key: object.key, contentType, sizeBytes: object.size, etag: object.etag };
}
