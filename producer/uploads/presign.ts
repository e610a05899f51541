import { AwsV4Signer } from "aws4fetch";

import type { SignedHeaders } from "../../shared/uploads/signed-headers.ts";

/** The bucket as S3 clients reach it. */
export interface S3 {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With the bucket as its last segment. */
  readonly bucket: URL;
  /** To be sent with every presigned PUT, and signed. */
  readonly headers: SignedHeaders;
  /** Keys derived for signing; one request signs a thousand times. */
  readonly cache: Map<string, ArrayBuffer>;
}

/**
 * A PUT with an (unsigned) `x-amz-copy-source` is a copy of any object in the bucket, and not every implementation refuses an
 * unsigned header; a copy is conditional on this etag, which none has. Nobody has seen yet what R2 says of the condition on a
 * PUT that is no copy: `npm run smoke` asks it, and whether it refuses copies without it.
 */
const NO_COPIES = { "x-amz-copy-source-if-match": '"no-copies"' } as const satisfies SignedHeaders;

/**
 * To be sent with a single PUT, and signed: the bucket takes the first and answers 412 to the others. Nothing rests on it,
 * since a store may not know the condition: that one upload is one job is kept where jobs are inserted.
 */
export const ONCE = { "if-none-match": "*" } as const;

/**
 * @returns null where the deployment has no credentials to sign with, or an address without a bucket. A relative address is
 * that of the request.
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
 * A URL that takes one PUT of exactly these headers and this many bytes.
 * @param put.headers the client must send each of them.
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
    // Else Content-Type and Content-Length would be left out of the signature.
    allHeaders: true,
  }).sign();
  return signed.url.href;
}

/** As the signature's canonical form has it, which encodes more than a URL needs. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** JSON in ASCII: a header holds nothing else reliably. */
export function headerJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
