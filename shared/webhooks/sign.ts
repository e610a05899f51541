const PREFIX = "whsec_";

/** Return a new secret: 32 random bytes in base64 after `whsec_`, as Standard Webhooks writes it. */
export function newSecret(): string {
  return PREFIX + crypto.getRandomValues(new Uint8Array(32)).toBase64();
}

/** Return the value of `webhook-signature`: one signature for each secret, separated by spaces. */
export async function signaturesOf(
  secrets: readonly string[],
  message: { readonly id: string; readonly timestampSeconds: number; readonly body: string },
): Promise<string> {
  const signed = new TextEncoder().encode(`${message.id}.${message.timestampSeconds}.${message.body}`);
  const signatures = secrets.map(async (secret) => {
    const bytes = Uint8Array.fromBase64(secret.slice(PREFIX.length));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)).toBase64()}`;
  });
  return (await Promise.all(signatures)).join(" ");
}
