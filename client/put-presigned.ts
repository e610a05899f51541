import type { StoredPart, TicketPart, UploadTicket } from "./contract.ts";
import { type DarkroomError, networkError, ownError } from "./error.ts";
import type { Http } from "./http.ts";
import { pause } from "./pause.ts";
import type { Upload } from "./put-direct.ts";
import type { Job } from "./types.ts";
import { uploadPath } from "./upload-path.ts";

/** Calls a presigned URL, which takes no key. */
export type Put = (url: string, init: RequestInit) => Promise<Response>;

const PARTS_AT_ONCE = 4;
const MOST_TRIES = 5;
const FIRST_DELAY_MS = 500;

/** Upload straight into the bucket by the URLs that the API signs; a part that fails is sent again, alone. */
export async function putPresigned(http: Http, put: Put, upload: Upload): Promise<Job> {
  const { blob, request, contentType, partSizeBytes, signal } = upload;
  const parts = partSizeBytes !== undefined && { method: "multipart", partSizeBytes };
  const asked = { ...request, ...parts, sizeBytes: blob.size, ...(contentType !== "" && { contentType }) };
  const { upload: ticket } = await http.json<{ upload: UploadTicket }>("POST", "/v1/uploads", { json: asked, signal });
  let stored: readonly StoredPart[];
  try {
    stored = await putParts(http, put, ticket, upload);
  } catch (error) {
    // Else its parts are kept, and paid for, until the bucket clears them away. The first error is the one to tell.
    await http.send("DELETE", uploadPath(ticket.id)).catch(() => undefined);
    throw error;
  }
  // A single object is complete as it is.
  const json = ticket.method === "multipart" ? { parts: stored } : {};
  return http.json<Job>("POST", `${uploadPath(ticket.id)}/complete`, { json, signal, isRepeatable: true });
}

/** @returns the parts in order. The first that cannot be stored stops the others. */
async function putParts(http: Http, put: Put, ticket: UploadTicket, upload: Upload): Promise<readonly StoredPart[]> {
  const { blob, onProgress, signal } = upload;
  const parts = partsOf(ticket, blob.size);
  const stopping = new AbortController();
  const either = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);
  const stored: StoredPart[] = [];
  let sentBytes = 0;
  let next = 0;
  const report = () => onProgress({ sentBytes, totalBytes: blob.size });
  report();
  async function work(): Promise<void> {
    for (let part = parts[next++]; part !== undefined; part = parts[next++]) {
      const { number, startByte, sizeBytes } = part;
      const body = blob.slice(startByte, startByte + sizeBytes);
      stored.push({ number, etag: await putPart(http, put, ticket, { ...part, body, signal: either }) });
      sentBytes += sizeBytes;
      report();
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(PARTS_AT_ONCE, parts.length) }, work));
  } finally {
    stopping.abort();
  }
  return stored.toSorted((a, b) => a.number - b.number);
}

function partsOf(ticket: UploadTicket, sizeBytes: number): readonly (TicketPart & { startByte: number })[] {
  if (ticket.method === "single") return [{ number: 1, url: ticket.url ?? "", sizeBytes, startByte: 0 }];
  let startByte = 0;
  const parts = (ticket.parts ?? []).toSorted((a, b) => a.number - b.number);
  return parts.map((part) => {
    const placed = { ...part, startByte };
    startByte += part.sizeBytes;
    return placed;
  });
}

/** @returns the part's ETag. */
async function putPart(
  http: Http,
  put: Put,
  ticket: UploadTicket,
  part: { number: number; url: string; body: Blob; signal: AbortSignal },
): Promise<string> {
  const { number, body, signal } = part;
  let { url } = part;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await putOnce(put, url, { method: "PUT", body, headers: { ...ticket.headers }, signal });
    if (answer.etag !== undefined) return answer.etag;
    // The bucket takes a single object once: an attempt before this one was stored, and its answer was lost.
    if (answer.error.status === 412 && attempt > 1 && ticket.method === "single") return "";
    // A URL that has run out is signed again, once: a second 403 is another matter.
    const hasRunOut = answer.error.status === 403 && url === part.url && ticket.method === "multipart";
    if (attempt >= MOST_TRIES || !(answer.mayPass || hasRunOut)) throw answer.error;
    if (hasRunOut) url = (await signAgain(http, ticket.id, number, signal)) ?? part.url;
    else await pause(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.75 + Math.random() / 2), signal);
  }
}

async function signAgain(http: Http, id: string, number: number, signal: AbortSignal): Promise<string | undefined> {
  const call = { json: { numbers: [number] }, signal, isRepeatable: true };
  const { upload } = await http.json<{ upload: UploadTicket }>("POST", `${uploadPath(id)}/parts`, call);
  return upload.parts?.find((part) => part.number === number)?.url;
}

type Answer =
  | { readonly etag: string }
  | { readonly etag?: undefined; readonly mayPass: boolean; readonly error: DarkroomError };

async function putOnce(put: Put, url: string, init: RequestInit & { signal: AbortSignal }): Promise<Answer> {
  let response: Response;
  try {
    response = await put(url, init);
  } catch (error) {
    if (init.signal.aborted) throw error;
    return { mayPass: true, error: networkError(url, error) };
  }
  const { status, headers } = response;
  const text = await response.text().catch(() => "");
  if (response.ok) {
    const etag = headers.get("etag");
    if (etag !== null) return { etag };
    const detail =
      "The bucket's CORS rules do not expose ETag, and an upload cannot be completed without it. Run bin/provision --origin with this page's origin.";
    return { mayPass: false, error: ownError("etag_hidden", "The bucket hides its ETag", detail, { status }) };
  }
  const detail = `${status} ${text.slice(0, 200)}`.trim();
  const mayPass = status >= 500 || status === 408 || status === 429;
  return { mayPass, error: ownError("part_refused", "The bucket refused a part", detail, { status }) };
}
