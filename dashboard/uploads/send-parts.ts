// Sends a large file in parts directly to the bucket, with Uppy. Each stored part is reported, so that an upload continues where it
// stopped: after a pause, a broken connection, or a reload once the person has chosen the file again.
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

import { authOf } from "../../client/index.ts";
import { api, ownKey } from "../api/session.ts";
import type { Sending, ToSend } from "./sending.ts";
import { forget, remember } from "./unfinished.ts";

const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
/** The API signs at most this many parts of an upload. A larger file has larger parts. */
const MOST_PARTS = 1000;

/** Return the address for Uppy's S3 calls about a whole upload. */
function at(uploadId: string): string {
  return `${location.origin}/v1/uploads/${encodeURIComponent(uploadId)}/s3`;
}

export function sendParts({ file, request, before, onProgress, onBegun }: ToSend): Sending {
  const partSizeBytes = before?.partSizeBytes ?? Math.max(PART_BYTES, Math.ceil(file.size / MOST_PARTS / MIB) * MIB);
  const outcome = Promise.withResolvers<string>();
  const reports: Promise<void>[] = [];
  const auth = authOf(ownKey());
  let uploadId = before?.uploadId;

  const uppy = new Uppy().use(AwsS3, {
    shouldUseMultipart: true,
    getChunkSize: () => partSizeBytes,
    generateObjectKey: ({ id }) => id,
    async signRequest(asked) {
      if ("partNumber" in asked) {
        const { parts, headers } = await api().uploads.sign(asked.uploadId, [asked.partNumber]);
        return { url: parts?.[0]?.url ?? "", headers };
      }
      if ("uploadId" in asked) return { url: at(asked.uploadId), headers: auth };
      const { type } = file;
      const ticket = await api().uploads.create({
        ...request,
        name: request.name ?? file.name,
        sizeBytes: file.size,
        ...(type !== "" && { contentType: type }),
        method: "multipart",
        partSizeBytes,
      });
      uploadId = ticket.id;
      const { name: fileName, size: sizeBytes, lastModified } = file;
      const begun = {
        uploadId: ticket.id,
        key: ticket.key,
        partSizeBytes,
        name: fileName,
        sizeBytes,
        lastModified,
        begunAt: Date.now(),
      };
      remember(begun);
      onBegun(begun);
      return { url: at(ticket.id), headers: auth, key: ticket.key };
    },
  });
  const name = request.name ?? file.name;
  const fileId = uppy.addFile({ name, type: file.type || "application/octet-stream", data: file });
  if (before !== undefined) uppy.setFileState(fileId, { s3Multipart: { uploadId: before.uploadId, key: before.key } });

  uppy.on("upload-progress", (_, { bytesUploaded }) => onProgress(bytesUploaded));
  uppy.on("s3-multipart:part-uploaded", (_, { PartNumber: number, ETag: etag }) => {
    if (uploadId === undefined) return;
    // A part whose report is lost is sent again after a reload, which does no harm.
    reports.push(
      api()
        .uploads.reportParts(uploadId, [{ number, etag }])
        .catch(() => undefined),
    );
  });
  uppy.on("upload-success", (_, { uploadURL }) => settle(uploadURL?.split("/").at(-1)));
  uppy.on("upload-error", (_, error) => void fail(error));

  function settle(jobId: string | undefined) {
    if (uploadId !== undefined) forget(uploadId);
    if (jobId === undefined)
      outcome.reject(
        new Error("The upload is complete, but the answer did not name a job. Look for the job in the list."),
      );
    else outcome.resolve(jobId);
  }
  /** Uppy only reads S3's errors, not Darkroom's problems. Repeat the last step with the client, which reports what is wrong. */
  async function fail(reason: unknown) {
    for (const report of reports) await report;
    try {
      const isWhole = reports.length > 0 && (await storedBytes()) >= file.size;
      if (!isWhole || uploadId === undefined) throw reason;
      settle((await api().uploads.complete(uploadId, undefined)).id);
    } catch (error) {
      outcome.reject(error);
    }
  }
  async function storedBytes(): Promise<number> {
    if (uploadId === undefined) return 0;
    const { storedParts = [] } = await api()
      .uploads.get(uploadId)
      .catch(() => ({ storedParts: [] }));
    return storedParts.length * partSizeBytes;
  }

  // The events above report the result.
  void uppy.upload().catch(outcome.reject);
  return {
    done: outcome.promise,
    pause: () => uppy.pauseAll(),
    resume: () => uppy.resumeAll(),
    stop() {
      uppy.cancelAll();
      if (uploadId !== undefined) forget(uploadId);
      outcome.reject(new DOMException("stopped", "AbortError"));
    },
  };
}
