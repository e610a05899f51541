import type { ModelId } from "../../shared/models/models.ts";
import { caveatOf, type Group } from "./candidates.ts";

/** The results of one model for all files of a group. */
export interface Row {
  readonly model: ModelId;
  readonly engines: readonly string[];
  readonly files: number;
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly neuronsPerFile: number;
  /** The times of streams, in half of the calls; null if the model does not stream. */
  readonly firstTextMs?: number | null;
  readonly tokensASecond?: number | null;
  /** Agreement with the largest model, 0 to 1, over all files; null if results cannot be compared. */
  readonly agreement: number | null;
}

/**
 * A smaller model with nearly the same results is the better buy: one word in twenty, or one label in five, may differ. Two models never
 * write the same text; with half of the words in common they mostly say the same.
 */
const ENOUGH: Readonly<Record<Group, number>> = {
  recordings: 0.95,
  prompts: 1,
  pictures: 0.8,
  texts: 0.8,
  "text prompts": 0.5,
};

/** Recommend a model for files such as these, in a sentence. `rows` has the largest model first. */
export function recommend(group: Group, rows: readonly Row[]): string {
  const sound = rows.filter((row) => row.failed === 0 && row.p50Ms !== null);
  const [largest] = rows;
  if (sound.length === 0 || largest === undefined)
    return "No model worked for all of these files; none is recommended.";
  if (rows.length === 1) return `'${largest.model}' is the only model for ${group}.`;
  if (group === "prompts") {
    const cheapest = sound.toSorted((a, b) => a.neuronsPerFile - b.neuronsPerFile)[0]!;
    return `Pictures cannot be compared by counting, so look at them. '${cheapest.model}' costs least, ${round(cheapest.neuronsPerFile)} neurons a picture.`;
  }
  const good = sound.filter((row) => (row.agreement ?? 0) >= ENOUGH[group]);
  const best = good.toSorted((a, b) => a.neuronsPerFile - b.neuronsPerFile || (a.p95Ms ?? 0) - (b.p95Ms ?? 0))[0];
  if (best === undefined || best.model === largest.model) {
    return `'${largest.model}', the largest: no smaller one agrees with it in ${ENOUGH[group] * 100} % and costs less.`;
  }
  const caveat =
    group === "text prompts" ? "words in common say little about truth, so read its answers" : caveatOf(best.model);
  return `'${best.model}': it agrees with the largest in ${percent(best.agreement)} and costs ${round(best.neuronsPerFile)} neurons a file instead of ${round(largest.neuronsPerFile)}${caveat === null ? "" : `; but ${caveat}`}.`;
}

export function percent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(1)} %`;
}

export function round(value: number): string {
  return value.toFixed(value < 10 ? 3 : 1);
}
