import { artifactKey } from "../shared/storage.ts";
import type { StoredArtifact } from "../shared/settlement.ts";
import type { TaskContext } from "./processor.ts";

/** A short fault of R2 must not cost a second call to the model. */
const TRIES = 4;

/** Put a result into R2. */
export async function storeArtifact(
  { jobId, attempt, media }: TaskContext,
  artifact: { name: string; contentType: string; body: string | Uint8Array },
): Promise<StoredArtifact> {
  const key = artifactKey(jobId, attempt, artifact.name);
  for (let tried = 1; ; tried += 1) {
    try {
      const object = await media.put(key, artifact.body, { httpMetadata: { contentType: artifact.contentType } });
      return {
        name: artifact.name,
        key,
        contentType: artifact.contentType,
        sizeBytes: object.size,
        etag: object.etag,
      };
    } catch (error) {
      if (tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tried));
    }
  }
}
