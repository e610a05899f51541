import { SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { DamagedSource } from "../../shared/audio/chunks/chunk.ts";
import { WorkSpent } from "../../shared/audio/reading/work.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import { discard } from "../processors/processor.ts";

/**
 * Run work that reads a recording. A recording that was replaced, is damaged or takes too much work discards the task, because
 * another attempt would find the same.
 */
export async function cutting(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceChanged) return discard(error.code, error.message);
    if (error instanceof WorkSpent) return discard(error.code, error.message);
    if (error instanceof DamagedSource) return discard("damaged", error.message);
    throw error;
  }
}
