import { SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { DamagedSource } from "../../shared/audio/chunks/chunk.ts";
import { WorkSpent } from "../../shared/audio/reading/work.ts";
import { discard, type Outcome } from "../processors/processor.ts";

/**
 * Run work that reads a recording: one that was replaced, is damaged or asks for too much work
 * discards the task, no attempt would help.
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
