/**
 * How calls go through AI Gateway, if one is configured. `cacheTtl` is in seconds, at most a month
 * (developers.cloudflare.com/ai-gateway, read 2026-11-23).
 */
export interface Gateway {
  readonly id: string;
  readonly cacheTtl?: number;
  readonly skipCache?: boolean;
}

/**
 * Return the gateway of `AI_GATEWAY_ID`; undefined without one. It answers an identical request within the cache's time for 0
 * neurons.
 */
export function gatewayOf(vars: {
  readonly AI_GATEWAY_ID: string;
  readonly AI_GATEWAY_CACHE_SECONDS: string;
}): Gateway | undefined {
  if (vars.AI_GATEWAY_ID === "") return undefined;
  const seconds = Number(vars.AI_GATEWAY_CACHE_SECONDS);
  return { id: vars.AI_GATEWAY_ID, ...(seconds > 0 ? { cacheTtl: seconds } : { skipCache: true }) };
}

/**
 * Return whether a request can go through a gateway. A gateway takes no request whose input is a stream (`AI Gateway does not
 * support ReadableStreams yet.`, workerd's ai-api.ts). FLUX.2 is asked with a form, which is a stream.
 */
export function takesGateway(inputs: Readonly<Record<string, unknown>>): boolean {
  return !Object.values(inputs).some(
    (value) => typeof value === "object" && value !== null && "body" in value && value.body instanceof ReadableStream,
  );
}
