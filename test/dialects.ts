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
    return darkroom.raw(`${HOST}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      ...(body !== undefined && { body }),
      ...(init?.signal && { signal: init.signal }),
    });
  }) as typeof fetch;
}

export function openAi(darkroom: ReturnType<typeof startDarkroom>, apiKey = KEYS.operator): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${HOST}/openai/v1`, fetch: fetchThrough(darkroom) });
}

export function replicate(
  darkroom: ReturnType<typeof startDarkroom>,
  options: { auth?: string; useFileOutput?: boolean; fileEncodingStrategy?: "data-uri" | "upload" } = {},
): Replicate {
  const baseUrl = `${HOST}/replicate/v1`;
  return new Replicate({ auth: KEYS.operator, baseUrl, fetch: fetchThrough(darkroom) as never, ...options });
}
