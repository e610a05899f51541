// What the bucket knows about versions of transcripts: which of their objects are stored, and which keys made them.
import * as z from "zod";

import type { TranscriptVersion } from "../transcripts/version.ts";
import { patiently } from "../uploads/patient.ts";
import { editedKey } from "../uploads/storage.ts";

/** A version of the transcript of a job. */
export interface EditRecord extends TranscriptVersion {
  readonly jobId: string;
  readonly ownerId: string;
}

const EditRecord = z.object({
  jobId: z.string(),
  ownerId: z.string(),
  version: z.int().min(1),
  key: z.string(),
  etag: z.string(),
  originalEtag: z.string(),
  requestHash: z.string(),
  keyId: z.string().nullable(),
  operations: z.int(),
  revertedTo: z.int().nullable(),
  createdAt: z.int(),
}) satisfies z.ZodType<EditRecord>;

/** Record that a version is stored. Ids and keys only: nothing that the transcript says. */
export async function keepEdit(media: R2Bucket, edit: EditRecord): Promise<void> {
  const key = editedKey(edit.createdAt, edit.jobId, edit.version);
  await patiently(() => media.put(key, JSON.stringify(edit)));
}

/** Read one of these objects; null if it is gone, or is not ours. */
export async function readEdit(media: R2Bucket, key: string): Promise<EditRecord | null> {
  const json = await patiently(async () => (await media.get(key))?.json<unknown>());
  return EditRecord.safeParse(json).data ?? null;
}
