// The bucket as clients reach it: presigned URLs, and the reasons that S3 gives when it refuses.
import type { UploadTicket } from "../client/index.ts";
import { DarkroomError } from "../client/index.ts";
import { Failure, type Finding, skip, uploaded, type Smoke } from "./check.ts";

/** A text is the cheapest object that makes a job. */
export const smallText = () =>
  uploaded(({ text }) => new Blob([text], { type: "text/plain" }), { name: "smoke.txt", kind: "classification" });

export interface Refused {
  readonly status: number;
  /** S3's own code, such as `SignatureDoesNotMatch`; the HTTP status if it gives none. */
  readonly code: string;
  readonly message: string;
}

export interface Stored {
  readonly etag: string;
  readonly headers: Headers;
}

export type Put = ({ readonly ok: true } & Stored) | ({ readonly ok: false } & Refused);

/** PUT to a presigned URL. The server may just be closing a kept connection, so try once more on a new one. */
export async function put(
  { fetch }: Smoke,
  url: string,
  { body, headers }: { body: Blob; headers: Readonly<Record<string, string>> },
): Promise<Put> {
  const send = () => fetch(url, { method: "PUT", body, headers: { ...headers } });
  let response: Response;
  try {
    response = await send().catch(send);
  } catch (error) {
    const todo = "R2_ENDPOINT must be reachable from here: https://ACCOUNT_ID.r2.cloudflarestorage.com.";
    throw new Failure(`${new URL(url).host} does not answer: ${String(error)}`, todo);
  }
  const text = await response.text();
  if (response.ok) return { ok: true, etag: response.headers.get("etag") ?? "", headers: response.headers };
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? `HTTP ${response.status}`;
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text.slice(0, 200);
  return { ok: false, status: response.status, code, message };
}

const CREDENTIALS = "Set R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and R2_ENDPOINT again: docs/uploads.md, Setting it up.";
const ADVICE: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch: CREDENTIALS,
  InvalidAccessKeyId: CREDENTIALS,
  Unauthorized: CREDENTIALS,
  AccessDenied: "Give the R2 API token Object Read & Write on this bucket.",
  NoSuchBucket: "R2_ENDPOINT does not match the bucket's name: docs/uploads.md, Setting it up.",
};

/** The failure of a PUT that the bucket should have accepted. */
export function refusedPut(what: string, { headers }: UploadTicket, { status, code, message }: Refused): Failure {
  const means = `The bucket refused ${what}: ${status} ${code}: ${message}`;
  const known = ADVICE[code];
  if (known !== undefined) return new Failure(means, known);
  if ("x-amz-copy-source-if-match" in headers) {
    const todo =
      "It may refuse the condition against copies, x-amz-copy-source-if-match: set the var R2_COPY_CONDITION to \"false\", deploy, and run this again. The check 'copies' then shows whether that is safe.";
    return new Failure(means, todo);
  }
  return new Failure(means, "docs/uploads.md, Setting it up.");
}

/** Run a check that needs presigned URLs, or skip it if the Worker has no credentials for them. */
export async function unlessUnsigned(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof DarkroomError) || error.code !== "presign_unavailable") throw error;
    const todo = "To let clients send files above 100 MB, see docs/uploads.md, Setting it up.";
    return skip("The Worker has no R2 credentials to sign URLs with.", todo);
  }
}
