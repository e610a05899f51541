import type { Source } from "../../shared/jobs/source.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import type { Attempt, MediaOf } from "../runner/attempt.ts";
import type { IsolateMemory } from "../runner/memory-limit.ts";
import { discard } from "./processor.ts";

/**
 * Give a task its source object, held in memory within the isolate's limit. If the object is gone, was overwritten since it was
 * announced, or is too large, the task is discarded: another attempt would find the same. `weight` is how many bytes of the
 * limit one byte of this source takes.
 */
export type WithSource = (
  attempt: Attempt,
  source: Source,
  limits: { maxBytes: number; weight?: number },
  work: (bytes: Uint8Array) => Promise<Outcome>,
) => Promise<Outcome>;

export function createWithSource({ media, memory }: { media: MediaOf; memory: IsolateMemory }): WithSource {
  return async function withSource(attempt, source, { maxBytes, weight = 1 }, work) {
    if (source.sizeBytes === 0) return discard("source_empty", `The object '${source.key}' is empty.`);
    if (source.sizeBytes > maxBytes) {
      return discard(
        "source_too_large",
        `The object '${source.key}' has ${source.sizeBytes} bytes; this model takes at most ${maxBytes}.`,
      );
    }
    return memory.sources.hold(source.sizeBytes * weight, async () => {
      const read = await patiently(async () => {
        const object = await media(attempt).get(source.key, { onlyIf: { etagMatches: source.etag } });
        if (object === null) return "missing";
        return "body" in object ? new Uint8Array(await object.arrayBuffer()) : "replaced";
      });
      if (read === "missing") {
        return discard("source_missing", `The object '${source.key}' was deleted before it was read.`);
      }
      if (read === "replaced") {
        return discard("source_replaced", `The object '${source.key}' was overwritten before it was read.`);
      }
      return work(read);
    });
  };
}
