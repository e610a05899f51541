import { refuse, type Refusal } from "../chunks/chunk.ts";
import { MIN_SAMPLE_RATE } from "../chunks/limits.ts";

/** Twice as much as any recorder writes. */
const MAX_SAMPLE_RATE = 768_000;

/** Why a recording of so many samples a second is not taken; null if it is. */
export function refuseRate(sampleRate: number): Refusal | null {
  const told = `The file says that it has ${sampleRate.toLocaleString("en")} samples a second`;
  if (sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE) return null;
  if (sampleRate > 0 && sampleRate < MIN_SAMPLE_RATE) {
    return refuse(
      "sampling_rate_too_low",
      `${told}. Speech needs at least ${MIN_SAMPLE_RATE.toLocaleString("en")}. Correct the header, or record at 8,000 or more.`,
    );
  }
  return refuse("damaged", `${told}, which is not possible. Correct the header, or record again.`);
}
