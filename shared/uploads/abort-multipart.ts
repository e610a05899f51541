/**
 * Delete the parts of a multipart upload.
 * @returns whether R2 did. What it will not abort is no longer there, or is aborted by R2 itself after seven days.
 */
export async function abortMultipart(media: R2Bucket, key: string, multipartId: string): Promise<boolean> {
  try {
    await media.resumeMultipartUpload(key, multipartId).abort();
    return true;
  } catch {
    return false;
  }
}
