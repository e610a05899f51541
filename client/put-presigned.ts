import type { StoredPart, TicketPart, UploadTicket } from "./contract.ts";
import { type DarkroomError, networkError, ownError } from "./error.ts";
import type { Http } from "./http.ts";
import { pause } from "./pause.ts";
import type { Upload } from "./put-direct.ts";
import type { Job } from "./types.ts";
import { uploadPath } from "./address.ts";

/** Call a presigned URL, which needs no key. */
export type Put = (url: string, init: RequestInit) => Promise<Response>;

const PARTS_AT_ONCE = 4;
const MOST_TRIES = 5;
const FIRST_DELAY_MS = 500;

/** Upload directly into the bucket, by URLs that the API signs. Only the parts that fail are sent again. */
export async function putPresigned(http: Http, put: Put, upload: Upload): Promise<Job> {
  const { blob, request, contentType, partSizeBytes, signal } = upload;
  const parts = partSizeBytes !== undefined && { method: "multipart", partSizeBytes };
  const asked = { ...request, ...parts, sizeBytes: blob.size, ...(contentType !== "" && { contentType }) };
  const announced = { json: asked, signal };
  const { upload: ticket } = await http.json<{ upload: UploadTicket }>("POST", "/v1/uploads/announce", announced);
  let stored: readonly StoredPart[];
  try {
    stored = await putParts(http, put, ticket, upload);
  } catch (error) {
    // Without the abort, the parts would be stored, and paid for, until the bucket's rule deletes them. An error here must not hide the first one.
    await http.send("DELETE", uploadPath(ticket.id)).catch(() => undefined);
    throw error;
  }
  // A single object is complete once it is stored.
  const json = ticket.method === "multipart" ? { parts: stored } : {};
  return http.json<Job>("POST", `${uploadPath(ticket.id)}/complete`, { json, signal, isRepeatable: true });
}

/** Store the parts and return them in order. The first part that cannot be stored stops the others. */
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

/** Store a part and return its ETag. */
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
    // The bucket accepts a single object only once: an earlier attempt stored it, and its answer was lost.
    if (answer.error.status === 412 && attempt > 1 && ticket.method === "single") return "";
    // An expired URL is signed again once. A second 403 has another cause.
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
      "The bucket's CORS rules do not expose the ETag header, which completing an upload needs. Run bin/provision --origin with this page's origin.";
    return { mayPass: false, error: ownError("etag_hidden", "The bucket hides its ETag", detail, { status }) };
  }
  const detail = `${status} ${text.slice(0, 200)}`.trim();
  const mayPass = status >= 500 || status === 408 || status === 429;
  return { mayPass, error: ownError("part_refused", "The bucket refused a part", detail, { status }) };
}
