// The Worker knows one address of a team's public keys, which no variable changes. In tests a door before it leads to the signer's server.
import type { Handlers } from "./controlled.ts";

/** A variable of tests alone: where a signer of our own serves its keys. */
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
