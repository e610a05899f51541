import { readUpTo } from "../../shared/input/read-up-to.ts";
import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import { refuseAddress } from "../../shared/webhooks/address.ts";
import { MAX_FORM_BYTES } from "../http/read-form.ts";
import type { Incoming } from "../uploads/store-file.ts";

export type FetchedMedia =
  | { readonly ok: true; readonly incoming: Incoming }
  | { readonly ok: false; readonly reason: string };

/** How long a host may take to send a file. */
const FETCH_MS = 5 * 60_000;

/** Fetch the bytes of a `data:` or `https:` address. Redirects are not followed, because they could lead anywhere. */
export async function fetchMedia(address: string, fetcher: typeof fetch): Promise<FetchedMedia> {
  if (address.startsWith("data:")) return decodeDataUri(address);
  const refusal = refuseAddress(address, { allowInsecure: false });
  if (refusal !== null) return refuse(refusal);
  let response: Response;
  try {
    // Without compression: the length of a compressed file is not the number of bytes that are read.
    const headers = { "accept-encoding": "identity" };
    response = await fetcher(address, { redirect: "manual", headers, signal: AbortSignal.timeout(FETCH_MS) });
  } catch {
    return refuse("the host could not be reached");
  }
  if (response.status >= 300 && response.status < 400) {
    return refuse("the host redirects to another address; send the final address");
  }
  if (!response.ok || response.body === null) return refuse(`the host answered ${response.status}`);

  const contentType = response.headers.get("content-type") ?? "application/octet-stream";
  const length = response.headers.get("content-length");
  if (length !== null && !response.headers.has("content-encoding")) {
    const sizeBytes = Number(length);
    if (sizeBytes > MAX_UPLOAD_BYTES) return refuse(`the file has ${length} bytes; the limit is ${MAX_UPLOAD_BYTES}`);
    return { ok: true, incoming: { body: response.body, sizeBytes, contentType } };
  }
  const body = await readUpTo(response.body, MAX_FORM_BYTES).catch(() => null);
  if (body === null)
    return refuse(
      `the host does not send the file's length, and the file has more than ${MAX_FORM_BYTES} bytes or was cut off`,
    );
  return { ok: true, incoming: { body, sizeBytes: body.length, contentType } };
}

function decodeDataUri(uri: string): FetchedMedia {
  const comma = uri.indexOf(",");
  if (comma === -1) return refuse("the data: URI has no comma");
  const head = uri.slice("data:".length, comma);
  const isBase64 = /; *base64$/i.test(head);
  const contentType = head.replace(/; *base64$/i, "") || "text/plain";
  try {
    const text = uri.slice(comma + 1);
    const body = isBase64 ? Uint8Array.fromBase64(text) : new TextEncoder().encode(decodeURIComponent(text));
    return { ok: true, incoming: { body, sizeBytes: body.length, contentType } };
  } catch {
    return refuse("the data: URI cannot be decoded");
  }
}

function refuse(reason: string): FetchedMedia {
  return { ok: false, reason };
}
