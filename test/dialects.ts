import OpenAI from "openai";
import Replicate from "replicate";

import { KEYS, type startDarkroom } from "./harness.ts";

/** The address that the SDKs use. Replicate's makes streams only of `https:` results. */
const HOST = "https://darkroom.test";

/** A `fetch` that passes the SDKs' calls unchanged to the harness. */
export function fetchThrough(darkroom: ReturnType<typeof startDarkroom>): typeof fetch {
  return (async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, { ...init, duplex: "half" } as RequestInit);
    const { pathname, search } = new URL(request.url);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const response = await darkroom.raw(`${HOST}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      ...(body !== undefined && { body }),
      ...(init?.signal && { signal: init.signal }),
    });
    if (response.headers.get("content-type") !== "application/json") return response;
    // The harness has no TLS, so the Worker sees `http:`. On the platform it sees the address that the client called.
    const text = (await response.text()).replaceAll("http://darkroom.test", HOST);
    return new Response(text, { status: response.status, statusText: response.statusText });
  }) as typeof fetch;
}

/** Call over the network, with the SDK's own `fetch`. */
export function openAi(darkroom: ReturnType<typeof startDarkroom>, apiKey = KEYS.operator): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${darkroom.origin()}/openai/v1` });
}

export function replicate(
  darkroom: ReturnType<typeof startDarkroom>,
  options: { auth?: string; useFileOutput?: boolean; fileEncodingStrategy?: "data-uri" | "upload" } = {},
): Replicate {
  const baseUrl = `${HOST}/replicate/v1`;
  return new Replicate({ auth: KEYS.operator, baseUrl, fetch: fetchThrough(darkroom), ...options });
}
