import OpenAI from "openai";
import Replicate from "replicate";

import { KEYS, type startDarkroom } from "./harness.ts";

/** Where the SDKs believe they are: Replicate's makes streams of `https:` results only. */
const HOST = "https://darkroom.test";

/** A `fetch` that brings the SDKs' calls to the harness as they are. */
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
    // The harness speaks no TLS, and the Worker sees `http:`; on the platform it sees what the client called.
    const text = (await response.text()).replaceAll("http://darkroom.test", HOST);
    return new Response(text, { status: response.status, statusText: response.statusText });
  }) as typeof fetch;
}

/** Over the network, with the SDK's own `fetch`. */
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
