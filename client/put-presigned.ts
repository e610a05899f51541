import type { StoredPart, TicketPart, UploadTicket } from "./contract.ts";
import { type DarkroomError, networkError, ownError } from "./error.ts";
import type { Http } from "./http.ts";
import { pause } from "./pause.ts";
import type { Upload } from "./put-direct.ts";
import type { Job } from "./types.ts";
import type { Put } from "./uploads.ts";

const PARTS_AT_ONCE = 4;
const MOST_TRIES = 5;
const FIRST_DELAY_MS = 500;

/** Upload straight into the bucket by the URLs that the API signs; a part that fails is sent again, alone. */
export async function putPresigned(http: Http, put: Put, upload: Upload): Promise<Job> {
  const { blob, request, contentType, signal } = upload;
  const asked = { ...request, sizeBytes: blob.size, ...(contentType !== "" && { contentType }) };
  const { upload: ticket } = await http.json<{ upload: UploadTicket }>("POST", "/v1/uploads", { json: asked, signal });
  const stored = await putParts(put, ticket, upload);
  const path = `/v1/uploads/${encodeURIComponent(ticket.id)}/complete`;
  // A single object is complete as it is.
  const parts = ticket.method === "multipart" ? stored : [];
  return http.json<Job>("POST", path, { json: { parts }, signal, isRepeatable: true });
}

/** @returns the parts in order. The first that cannot be stored stops the others. */
async function putParts(put: Put, ticket: UploadTicket, { blob, onProgress, signal }: Upload): Promise<StoredPart[]> {
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
      const body = blob.slice(part.startByte, part.startByte + part.sizeBytes);
      stored.push({ number: part.number, etag: await putPart(put, part.url, body, ticket.headers, either) });
      sentBytes += part.sizeBytes;
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

function partsOf(ticket: UploadTicket, sizeBytes: number): (TicketPart & { startByte: number })[] {
  if (ticket.method === "single") return [{ number: 1, url: ticket.url ?? "", sizeBytes, startByte: 0 }];
  let startByte = 0;
  return ticket.parts
    .toSorted((a, b) => a.number - b.number)
    .map((part) => {
      const placed = { ...part, startByte };
      startByte += part.sizeBytes;
      return placed;
    });
}

async function putPart(
  put: Put,
  url: string,
  body: Blob,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await putOnce(put, url, { method: "PUT", body, headers: { ...headers }, signal });
    if (answer.etag !== undefined) return answer.etag;
    if (!answer.mayPass || attempt >= MOST_TRIES) throw answer.error;
    await pause(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.75 + Math.random() / 2), signal);
  }
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
    const detail = "The bucket's CORS rules must expose ETag: without it an upload cannot be completed.";
    return { mayPass: false, error: ownError("etag_hidden", "The bucket hides its ETag", detail, { status }) };
  }
  const detail = `${status} ${text.slice(0, 200)}`.trim();
  // 403 is a URL that has run out, which a second try does not change.
  const mayPass = status >= 500 || status === 408 || status === 429;
  return { mayPass, error: ownError("part_refused", "The bucket refused a part", detail, { status }) };
}
