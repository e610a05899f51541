import { artifactKey } from "../shared/storage.ts";
import type { StoredArtifact } from "../shared/settlement.ts";
import type { TaskContext } from "./processor.ts";
import { paidFor } from "./recall.ts";

/** A short fault of R2 must not cost a second call to the model. */
const TRIES = 4;

/** Put a result into R2. */
export async function storeArtifact(
  { jobId, attempt, media, calls }: TaskContext,
  artifact: { name: string; contentType: string; body: string | Uint8Array },
): Promise<StoredArtifact> {
  const key = artifactKey(jobId, attempt, artifact.name);
  for (let tried = 1; ; tried += 1) {
    try {
      const object = await media.put(key, artifact.body, {
        httpMetadata: { contentType: artifact.contentType },
        customMetadata: paidFor(calls),
      });
      return storedArtifact(artifact.name, object, artifact.contentType);
    } catch (error) {
      if (tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tried));
    }
  }
}

/** An object in R2 as the artifact of a job. */
export function storedArtifact(name: string, object: R2Object, contentType: string): StoredArtifact {
  return { name, key: object.key, contentType, sizeBytes: object.size, etag: object.etag };
}
