// Sends a small file as the body of one request. `fetch` does not report the progress of a body, so the client gets an XMLHttpRequest.
import { createClient } from "../../client/index.ts";
import { ownKey } from "../api/session.ts";
import type { Sending, ToSend } from "./sending.ts";

export function sendWhole({ id, file, request, onProgress }: ToSend): Sending {
  const stopping = new AbortController();
  const client = createClient({
    baseUrl: location.origin,
    key: ownKey(),
    fetch: (url, init) => sendByXhr(url, init, id, onProgress),
  });
  return {
    done: client.uploads.put(file, { ...request, signal: stopping.signal }).then((job) => job.id),
    pause: null,
    resume: () => undefined,
    stop: () => stopping.abort(),
  };
}

function sendByXhr(
  url: string,
  init: RequestInit,
  id: string,
  onProgress: (sentBytes: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(init.method ?? "GET", url);
    for (const [name, value] of new Headers(init.headers))
      if (name !== "content-length") xhr.setRequestHeader(name, value);
    // If the answer is lost, a retry with the same key returns the job that the first try created.
    xhr.setRequestHeader("idempotency-key", id);
    xhr.responseType = "blob";
    xhr.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    xhr.addEventListener("error", () => reject(new TypeError("the connection broke")));
    xhr.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    xhr.addEventListener("load", () => {
      const headers = new Headers();
      for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
        const colon = line.indexOf(":");
        if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
      }
      const body: unknown = xhr.response;
      const { status } = xhr;
      resolve(new Response(body instanceof Blob && status !== 204 ? body : null, { status, headers }));
    });
    init.signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(init.body instanceof Blob ? init.body : null);
  });
}
