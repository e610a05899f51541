// Each line of an archive is encrypted with a key of its own, which only its job's row has. An archive is never
// changed, so a line stays in it when its job is deleted; without the row nobody can read the line.
import { decodeText } from "../input/decode-text.ts";

const ALGORITHM = "AES-GCM";

/** 128 bits: AES-128. */
const KEY_BYTES = 16;

/** No key encrypts twice, so the nonce need not differ: the same key with the same nonce is what would reveal something. */
const NONCE = new Uint8Array(12);

export interface Sealed {
  readonly bytes: Uint8Array;
  /** The key, in base64: a row has it, so it is short. */
  readonly secret: string;
}

/** Encrypt a text with a new key. */
export async function seal(text: string): Promise<Sealed> {
  const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const key = await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: ALGORITHM, iv: NONCE }, key, new TextEncoder().encode(text));
  return { bytes: new Uint8Array(sealed), secret: raw.toBase64({ omitPadding: true }) };
}

/** Decrypt a text. @throws if a byte differs from what was encrypted, or if the key is another. */
export async function unseal({
  bytes,
  secret,
}: {
  readonly bytes: BufferSource;
  readonly secret: string;
}): Promise<string> {
  const raw = Uint8Array.fromBase64(secret);
  const key = await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["decrypt"]);
  const decrypted = await crypto.subtle.decrypt({ name: ALGORITHM, iv: NONCE }, key, bytes);
  const decoded = decodeText(new Uint8Array(decrypted));
  if (!decoded.ok) throw new Error("what was encrypted is not a text");
  return decoded.text;
}
