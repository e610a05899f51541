import type { Http } from "./http.ts";
import type { Job, UploadRequest } from "./types.ts";

export interface Progress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface Upload {
  readonly blob: Blob;
  readonly request: UploadRequest;
  /** Empty if unknown. */
  readonly contentType: string;
  readonly partSizeBytes: number | undefined;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal | undefined;
}

/** Upload through the API. The body is the file; everything else is in the query. */
export async function putDirect(http: Http, { blob, request, onProgress, signal }: Upload): Promise<Job> {
  const query = uploadQuery(request);
  onProgress({ sentBytes: 0, totalBytes: blob.size });
  const body = canSayLength() && blob.size > 0 ? counted(blob, onProgress) : blob;
  const headers = { "content-length": String(blob.size), "content-type": "application/octet-stream" };
  const job = await http.json<Job>("POST", "/v1/uploads", { query, body, headers, signal });
  onProgress({ sentBytes: blob.size, totalBytes: blob.size });
  return job;
}

/** Write a request's fields as the query of an upload. */
export function uploadQuery({ options, tags, metadata, ...rest }: UploadRequest) {
  return {
    ...rest,
    tag: tags,
    options: options && JSON.stringify(options),
    metadata: metadata && JSON.stringify(metadata),
  };
}

// A stream lets the client count the bytes sent, but R2 needs their length, and browsers do not let a program set it.
function canSayLength(): boolean {
  return new Request("http://localhost", { headers: { "content-length": "1" } }).headers.has("content-length");
}

function counted(blob: Blob, onProgress: Upload["onProgress"]): ReadableStream<Uint8Array> {
  let sentBytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sentBytes += chunk.length;
      onProgress({ sentBytes, totalBytes: blob.size });
      controller.enqueue(chunk);
    },
  });
  return (blob.stream() as ReadableStream<Uint8Array>).pipeThrough(count);
}
