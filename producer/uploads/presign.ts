import { AwsV4Signer } from "aws4fetch";

import type { SignedHeaders } from "../../shared/uploads/signed-headers.ts";

/** The address of the bucket for S3 clients, and the credentials to sign with. */
export interface S3 {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The last segment of the path is the bucket. */
  readonly bucket: URL;
  /** The headers that every presigned PUT must have. They are signed. */
  readonly headers: SignedHeaders;
  /** The derived signing keys, because one request may sign a thousand times. */
  readonly cache: Map<string, ArrayBuffer>;
}

/**
 * A PUT with an (unsigned) `x-amz-copy-source` copies any object of the bucket, and not every implementation refuses an unsigned
 * header. With this condition a copy requires an etag that no object has. How R2 treats the condition on a PUT that is not a copy
 * has not been observed yet: `npm run smoke` checks that, and whether R2 refuses copies without the condition.
 */
const NO_COPIES = { "x-amz-copy-source-if-match": '"no-copies"' } as const satisfies SignedHeaders;

/**
 * A single PUT must have this header, which is signed: the bucket accepts the first PUT and answers 412 to the others. A store may
 * not support the condition, so nothing depends on it. The insertion of jobs guarantees that one upload is one job.
 */
export const ONCE = { "if-none-match": "*" } as const;

/**
 * Read the bucket's address and credentials. A relative address is resolved against the URL of the request.
 * @returns null if the deployment has no credentials to sign with, or if the address does not have a bucket.
 */
export function s3Of(env: Env, requestUrl: string): S3 | null {
  const accessKeyId: string | undefined = env.R2_ACCESS_KEY_ID;
  const secretAccessKey: string | undefined = env.R2_SECRET_ACCESS_KEY;
  const endpoint: string | undefined = env.R2_ENDPOINT;
  if (!accessKeyId || !secretAccessKey || !endpoint) return null;
  const bucket = new URL(`${endpoint.replace(/\/+$/, "")}/`, requestUrl);
  if (bucket.pathname === "/") return null;
  const headers = env.R2_COPY_CONDITION === "false" ? {} : NO_COPIES;
  return { accessKeyId, secretAccessKey, bucket, headers, cache: new Map() };
}

/**
 * Sign a URL for one PUT with exactly these headers and this number of bytes.
 * @param put.headers the headers, all of which the client must send.
 */
export async function presignPut(
  s3: S3,
  key: string,
  put: {
    headers: SignedHeaders;
    sizeBytes: number;
    seconds: number;
    query?: Record<string, string>;
  },
): Promise<string> {
  const url = new URL(key.split("/").map(encodeSegment).join("/"), s3.bucket);
  for (const [name, value] of Object.entries({ ...put.query, "X-Amz-Expires": String(put.seconds) })) {
    url.searchParams.set(name, value);
  }
  const signed = await new AwsV4Signer({
    method: "PUT",
    url: url.href,
    headers: { ...put.headers, "content-length": String(put.sizeBytes) },
    accessKeyId: s3.accessKeyId,
    secretAccessKey: s3.secretAccessKey,
    service: "s3",
    region: "auto",
    cache: s3.cache,
    signQuery: true,
    // Without this, Content-Type and Content-Length would be left out of the signature.
    allHeaders: true,
  }).sign();
  return signed.url.href;
}

/** Encode a segment as the signature's canonical form requires, which is more than a URL needs. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** JSON in ASCII: a header is not reliable for other characters. */
export function headerJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
