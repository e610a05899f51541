import type { Problem } from "./problem.ts";

/** What a key may upload; null where it has no limit of its own. */
export interface UploadLimits {
  readonly maxBytes: number | null;
  /** Prefixes, such as `audio/`. */
  readonly contentTypes: readonly string[] | null;
}

/** Whether the key that asks may upload so much. */
export function refuseSize({ maxBytes }: UploadLimits, sizeBytes: number): Problem | null {
  if (maxBytes === null || sizeBytes <= maxBytes) return null;
  return {
    code: "upload_too_large",
    detail: `This key uploads at most ${maxBytes} bytes, and these are ${sizeBytes}.`,
  };
}

/** Whether the key may upload what a client says it is. The bytes are looked at as well once they are there. */
export function refuseType({ contentTypes }: UploadLimits, contentType: string | undefined): Problem | null {
  if (contentTypes === null) return null;
  const takes = `This key uploads ${contentTypes.join(", ")} only`;
  if (contentType === undefined) return { code: "unsupported_media", detail: `${takes}: say its contentType.` };
  if (contentTypes.some((prefix) => contentType.startsWith(prefix))) return null;
  return { code: "unsupported_media", detail: `${takes}, and this is ${contentType}.` };
}
