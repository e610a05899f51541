// As much of a browser's XMLHttpRequest as Uppy's S3 plug-in uses, on fetch.

let putsLeft = Infinity;
let puts = 0;

/** Let this many PUTs pass and refuse the next as a broken line does. @returns how many there have been since. */
export function failAfterPuts(count: number): () => number {
  putsLeft = count;
  puts = 0;
  return () => puts;
}

export class FetchXhr {
  readonly upload: { onprogress?: (event: object) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  withCredentials = false;
  status = 0;
  statusText = "";
  responseText = "";
  #request = { method: "GET", url: "" };
  #response: Response | undefined;
  readonly #headers = new Headers();
  readonly #controller = new AbortController();

  open(method: string, url: string): void {
    this.#request = { method, url };
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  getResponseHeader(name: string): string | null {
    return this.#response?.headers.get(name) ?? null;
  }

  abort(): void {
    this.#controller.abort();
  }

  send(body?: Blob | string | null): void {
    void this.#send(body ?? null);
  }

  async #send(body: Blob | string | null): Promise<void> {
    const { method, url } = this.#request;
    try {
      // 403 rather than a broken line: the plug-in would try that four times.
      const isRefused = method === "PUT" && puts >= putsLeft;
      if (method === "PUT" && !isRefused) puts += 1;
      // A Blob would bring a content type of its own; a browser lets the headers that were set win.
      const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
      const init = { method, headers: this.#headers, body: bytes, signal: this.#controller.signal };
      this.#response = isRefused ? new Response("", { status: 403 }) : await fetch(url, init);
      this.responseText = await this.#response.text();
      this.status = this.#response.status;
      this.statusText = this.#response.statusText;
    } catch {
      if (!this.#controller.signal.aborted) this.onerror?.();
      return;
    }
    const total = body instanceof Blob ? body.size : 0;
    this.upload.onprogress?.({ lengthComputable: true, loaded: total, total });
    this.onload?.();
  }
}
