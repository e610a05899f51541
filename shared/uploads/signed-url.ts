// Links that need no API key: for programs and <img> tags that fetch an address as it stands.

/** Long enough to fetch a result at leisure, short enough that a link in a log is soon worth nothing. */
export const SIGNED_URL_SECONDS = 3600;

/** The address with a term and a signature over its path. `now` in epoch milliseconds. */
async function signUrl(url: string, { key, now }: { key: string; now: number }): Promise<string> {
  const signed = new URL(url);
  const expires = String(Math.floor(now / 1000) + SIGNED_URL_SECONDS);
  const signature = await crypto.subtle.sign("HMAC", await hmacKey(key), signedBytes(signed.pathname, expires));
  signed.searchParams.set("expires", expires);
  signed.searchParams.set("signature", new Uint8Array(signature).toHex());
  return signed.href;
}

/** Whether the address carries our signature of its own path, and its term has not passed. */
export async function isSigned(url: URL, { key, now }: { key: string; now: number }): Promise<boolean> {
  const expires = url.searchParams.get("expires") ?? "";
  const signature = url.searchParams.get("signature") ?? "";
  if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
  if (Number(expires) * 1000 < now) return false;
  const bytes = signedBytes(url.pathname, expires);
  return crypto.subtle.verify("HMAC", await hmacKey(key), Uint8Array.fromHex(signature), bytes);
}

function signedBytes(path: string, expires: string): Uint8Array {
  return new TextEncoder().encode(`${path}\n${expires}`);
}

async function hmacKey(key: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign", "verify"]);
}

/** Where an artifact can be fetched without an API key, for as long as the signature holds. */
export async function artifactUrl(
  artifact: { jobId: string; name: string },
  { origin, ...by }: { origin: string; key: string; now: number },
): Promise<string> {
  return signUrl(`${origin}/signed/jobs/${artifact.jobId}/artifacts/${encodeURIComponent(artifact.name)}`, by);
}
