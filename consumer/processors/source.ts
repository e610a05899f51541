import type { Source } from "../../shared/jobs/new-job.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { discard, type Outcome, type TaskContext } from "./processor.ts";

/**
 * Give a task its source object, held in memory within the batch's budget. An object that is gone, was overwritten
 * since it was announced, or is too large discards the task: no other attempt would find it otherwise.
 * `weight` is what a byte of this source counts for in the budget.
 */
export async function withSource(
  source: Source,
  { maxBytes, weight = 1 }: { maxBytes: number; weight?: number },
  { media, memory }: TaskContext,
  work: (bytes: Uint8Array) => Promise<Outcome>,
): Promise<Outcome> {
  if (source.sizeBytes === 0) return discard("source_empty", `The object '${source.key}' is empty.`);
  if (source.sizeBytes > maxBytes) {
    return discard(
      "source_too_large",
      `The object '${source.key}' has ${source.sizeBytes} bytes; this model takes at most ${maxBytes}.`,
    );
  }
  return memory.sources.hold(source.sizeBytes * weight, async () => {
    const read = await patiently(async () => {
      const object = await media.get(source.key, { onlyIf: { etagMatches: source.etag } });
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
}
