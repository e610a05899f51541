import OpenAI from "openai";
import Replicate from "replicate";

import { type Client, createClient } from "../../client/index.ts";
import type { Runtime } from "./runtime.ts";

/** The callers: each library as its users have it, and plain HTTP for operations that none of the libraries covers. */
export interface Callers {
  readonly client: Client;
  readonly openai: OpenAI;
  readonly replicate: Replicate;
  readonly http: (path: string, init?: RequestInit) => Promise<Response>;
}

export interface Case {
  /** As documented, such as `GET /v1/jobs/{id}`. */
  readonly operation: string;
  readonly via: keyof Callers;
  /** Which use of the operation, if there are several. */
  readonly of?: string;
  /** Call it and check the answer; throws if the answer is wrong. */
  readonly run: (callers: Callers, runtime: Runtime) => Promise<void>;
}

/** Create callers whose requests are reported to `told`, such as `GET /v1/jobs/x`. */
export function createCallers({ origin, key }: Runtime, told: (request: string) => void): Callers {
  async function fetchTold(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const isRequest = input instanceof Request;
    const method = init?.method ?? (isRequest ? input.method : "GET");
    told(`${method.toUpperCase()} ${decodeURIComponent(new URL(isRequest ? input.url : input).pathname)}`);
    return fetch(input, init);
  }
  return {
    client: createClient({ baseUrl: origin, key, fetch: fetchTold }),
    openai: new OpenAI({ apiKey: key, baseURL: `${origin}/openai/v1`, maxRetries: 0, fetch: fetchTold }),
    replicate: new Replicate({ auth: key, baseUrl: `${origin}/replicate/v1`, fetch: fetchTold }),
    http(path, init) {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${key}`);
      return fetchTold(new URL(path, origin), { ...init, headers });
    },
  };
}

export function expect(condition: unknown, what: string): asserts condition {
  if (condition === false || condition === null || condition === undefined || condition === "") throw new Error(what);
}
