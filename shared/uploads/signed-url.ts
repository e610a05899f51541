// Links that need no API key: for programs, and for <img>, <audio>, <track> and EventSource, which cannot send a header.

import { SIGNED_URL_SECONDS } from "../limits.ts";

/** The parameters that make an address a signed link. No route reads them as its own. */
export const LINK_PARAMETERS = ["expires", "by", "signature"] as const;

/** What signs a link, and for how long the link is valid. */
export interface Signing {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly validSeconds?: number;
  /**
   * The id of the API key that the link depends on: the link ends when the key does. Without one it is valid for its whole
   * term.
   */
  readonly by?: string;
}

/**
 * Return the address with a term, the API key that it depends on, and a signature over these and its path. Other parameters are
 * not signed.
 */
export async function signUrl(
  url: string,
  { key, now, validSeconds = SIGNED_URL_SECONDS, by }: Signing,
): Promise<string> {
  const signed = new URL(url);
  signed.searchParams.set("expires", String(Math.floor(now / 1000) + validSeconds));
  if (by !== undefined) signed.searchParams.set("by", by);
  const signature = await crypto.subtle.sign("HMAC", await hmacKey(key), signedBytes(signed));
  signed.searchParams.set("signature", new Uint8Array(signature).toHex());
  return signed.href;
}

/** Return whether the address carries our signature of its own path, and its term has not passed. */
export async function isSigned(url: URL, { key, now }: { key: string; now: number }): Promise<boolean> {
  const expires = url.searchParams.get("expires") ?? "";
  const signature = url.searchParams.get("signature") ?? "";
  if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
  if (Number(expires) * 1000 < now) return false;
  return crypto.subtle.verify("HMAC", await hmacKey(key), Uint8Array.fromHex(signature), signedBytes(url));
}

/** Return the id of the API key that a signed link depends on; null if it depends on none. */
export function signerOf(url: URL): string | null {
  return url.searchParams.get("by");
}

/** When a signed link ends, in epoch milliseconds. */
export function endOf(url: URL): number {
  return Number(url.searchParams.get("expires")) * 1000;
}

function signedBytes({ pathname, searchParams }: URL): Uint8Array {
  const by = searchParams.get("by");
  const signed = [pathname, searchParams.get("expires") ?? "", ...(by === null ? [] : [by])];
  return new TextEncoder().encode(signed.join("\n"));
}

async function hmacKey(key: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign", "verify"]);
}

/** Return where an artifact can be fetched without an API key, for as long as the signature is valid. */
export async function artifactUrl(
  artifact: { jobId: string; name: string },
  { origin, ...by }: { origin: string } & Signing,
): Promise<string> {
  return signUrl(`${origin}${signedPath(artifact.jobId)}/artifacts/${encodeURIComponent(artifact.name)}`, by);
}

/** Return the path of the links to what belongs to a job. */
export function signedPath(jobId: string): string {
  return `/signed/jobs/${encodeURIComponent(jobId)}`;
}
