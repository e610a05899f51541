/**
 * Delete the parts of a multipart upload.
 * @returns whether R2 deleted them. If it did not, the upload is gone already, or R2 aborts it itself after seven days.
 */
export async function abortMultipart(media: R2Bucket, key: string, multipartId: string): Promise<boolean> {
  try {
    await media.resumeMultipartUpload(key, multipartId).abort();
    return true;
  } catch {
    return false;
  }
}
