// The parts of a browser's XMLHttpRequest that Uppy's S3 plug-in uses, on fetch.

let putsLeft = Infinity;
let puts = 0;

/** Let this many PUTs pass, and let the next one fail like a broken connection. @returns a function that counts the PUTs since then. */
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
      // Answer 403 instead of breaking the connection, which the plug-in would retry four times.
      const isRefused = method === "PUT" && puts >= putsLeft;
      if (method === "PUT" && !isRefused) puts += 1;
      // A Blob would set its own content type. In a browser the explicit headers win.
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
