// The bucket's rules, set up once the bucket and the queue exist.
import { corsPart } from "./cors-part.ts";
import { lifecyclePart } from "./lifecycle-part.ts";
import { notificationPart } from "./notification-part.ts";
import type { Part } from "./part.ts";
import type { Target } from "./target.ts";

/** @param origins sites whose pages may upload to the bucket; if empty, its CORS rules stay as they are. */
export async function bucketParts(target: Target, origins: readonly string[]): Promise<readonly Part[]> {
  const { bucket, jurisdiction } = target;
  const where = jurisdiction === null ? [] : [`--jurisdiction=${jurisdiction}`];
  const parts = [notificationPart(target, where), lifecyclePart(bucket, where)];
  return origins.length === 0 ? parts : [...parts, await corsPart(bucket, origins, where)];
}
