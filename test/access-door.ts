// The Worker reads a team's public keys from one address, which no variable changes. In tests, requests to it go to the signer's server.
import type { Handlers } from "./controlled.ts";

/** A variable only for tests: where our own signer serves its keys. */
export const ACCESS_CERTS = "TEST_ACCESS_CERTS";

export function withAccessCerts(worker: Handlers): Handlers {
  let served: string | undefined;
  const { fetch: fetchAnything } = globalThis;
  globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.hostname.endsWith(".cloudflareaccess.com") || served === undefined) return fetchAnything(input, init);
    return fetchAnything(`${served}/${url.hostname}${url.pathname}`, init);
  };
  return {
    ...worker,
    async fetch(request, env, context) {
      served = Reflect.get(env, ACCESS_CERTS) as string | undefined;
      return worker.fetch(request, env, context);
    },
  };
}
