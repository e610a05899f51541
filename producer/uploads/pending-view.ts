import type { StoredPart } from "../../shared/db/uploads/pending-uploads.ts";
import type { BegunUpload } from "./begin-upload.ts";
import { iso } from "../http/time.ts";
import type { PendingUpload } from "./schema.ts";

/** An upload as the API shows it. */
export function uploadView(
  { upload, url, headers, parts }: Pick<BegunUpload, "upload"> & Partial<BegunUpload>,
  origin: string,
  storedParts?: readonly StoredPart[],
): PendingUpload {
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
    ...(url !== undefined && { url }),
    ...(headers && { headers }),
    ...(parts && { parts: [...parts] }),
    ...(multipart && storedParts && { storedParts: [...storedParts] }),
    complete: `${self}/complete`,
    abort: self,
  };
}
