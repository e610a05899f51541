import { invalidData } from "./inference-error.ts";

/** Decode base64. @param path where the text is in the inputs. */
export function decodeBase64(text: string, path: string): Uint8Array {
  // Node skips characters that are not base64; the service rejects them.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw invalidData(`Error: invalid base64 in '${path}'`);
  }
  return Buffer.from(text, "base64");
}
