import { queryOf } from "./address.ts";
import { DarkroomError, errorOf, networkError } from "./error.ts";
import { pause } from "./pause.ts";

export interface ClientOptions {
  /** The address of Darkroom, without `/v1`. */
  readonly baseUrl: string;
  /** An API key, `dk_…`; null in a page of Darkroom's own address whose reader signed in with Cloudflare Access. */
  readonly key: string | null;
  /** Replaces the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How often to repeat a call that had no effect; 2 by default. */
  readonly retries?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly query?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged. */
  readonly body?: RequestInit["body"];
  /** Sending the call twice has the effect of sending it once, so it may be repeated after no answer. */
  readonly isRepeatable?: boolean;
}

export interface Http {
  /** Return the answer unchanged, also when it is an error. */
  send(method: string, path: string, call?: Call): Promise<Response>;
  /** @throws DarkroomError unless the answer is a success. */
  request(method: string, path: string, call?: Call): Promise<Response>;
  json<T>(method: string, path: string, call?: Call): Promise<T>;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;

/**
 * When a session has ended, Cloudflare Access answers 401 to a request with this header. Requests without it are redirected to its own
 * page (Cloudflare's page "Session management", 2026).
 */
const WITHOUT_KEY = { "x-requested-with": "XMLHttpRequest" } as const;

/** Make calls with a key, and repeat them where that is safe. */
export function createHttp({ baseUrl, key, fetch: send = fetchGlobal, retries = 2 }: ClientOptions): Http {
  const base = baseUrl.replace(/\/+$/, "");

  async function once(method: string, url: string, call: Call): Promise<Response> {
    const headers = new Headers(call.headers);
    for (const [name, value] of Object.entries(authOf(key))) headers.set(name, value);
    if (call.json !== undefined) headers.set("content-type", "application/json");
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    // Node requires `duplex` for a stream; other runtimes ignore it.
    const stream = body instanceof ReadableStream && { duplex: "half" };
    try {
      return await send(url, { method, headers, ...stream, ...(body != null && { body }), ...signalOf(call) });
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      throw networkError(url, error);
    }
  }

  const http: Http = {
    async send(method, path, call = {}) {
      const url = `${base}${path}${queryOf(call.query)}`;
      const isRepeatable = call.isRepeatable ?? method === "GET";
      for (let retry = 0; ; retry += 1) {
        const isLast = retry >= retries || call.body instanceof ReadableStream;
        const response = await once(method, url, call).catch((error: unknown) => {
          if (isLast || !isRepeatable || !(error instanceof DarkroomError)) throw error;
          return null;
        });
        // A call that gets 429 had no effect, even if it is a POST.
        const isWorthIt = response === null || response.status === 429 || (isRepeatable && response.status === 503);
        const isPaid = response?.headers.get("x-should-retry") === "false";
        if (response !== null && (isLast || !isWorthIt || isPaid)) return response;
        await response?.body?.cancel();
        await pause(delayMs(retry, response?.headers.get("retry-after") ?? null), call.signal);
      }
    },
    async request(method, path, call) {
      const response = await http.send(method, path, call);
      if (!response.ok) throw await errorOf(response);
      return response;
    },
    async json<T>(method: string, path: string, call?: Call): Promise<T> {
      const response = await http.request(method, path, call);
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
  };
  return http;
}

/** The headers that say who calls. */
export function authOf(key: string | null): Readonly<Record<string, string>> {
  return key === null ? WITHOUT_KEY : { authorization: `Bearer ${key}` };
}

// The global `fetch`, called as a method of the client's options, throws in browsers and on Workers.
async function fetchGlobal(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init);
}

function signalOf({ signal }: Call): { signal: AbortSignal } | undefined {
  return signal === undefined ? undefined : { signal };
}

function delayMs(retry: number, retryAfter: string | null): number {
  const asked = Number(retryAfter ?? Number.NaN) * 1000;
  const own = FIRST_DELAY_MS * 2 ** retry * (0.75 + Math.random() / 2);
  return Math.min(Number.isFinite(asked) ? Math.max(asked, own) : own, LONGEST_DELAY_MS);
}
