import type { StoredPart } from "../shared/db/pending-uploads.ts";
import type { BegunUpload } from "./begin-upload.ts";
import { iso } from "./job-view.ts";

/** An upload as a client sees it. */
export function uploadView(
  { upload, ...signed }: Pick<BegunUpload, "upload"> & Partial<BegunUpload>,
  origin: string,
  storedParts?: readonly StoredPart[],
) {
  const { id, key, sizeBytes, multipart, completedAt, expiresAt } = upload;
  const self = `${origin}/v1/uploads/${id}`;
  return {
    id,
    key,
    state: completedAt === null ? "pending" : "completed",
    sizeBytes,
    expiresAt: iso(expiresAt),
    method: multipart === null ? "single" : "multipart",
    ...(multipart && { partSizeBytes: multipart.partSizeBytes }),
    ...signed,
    ...(multipart && storedParts && { storedParts }),
    complete: `${self}/complete`,
    abort: self,
  };
}

export type UploadView = ReturnType<typeof uploadView>;
