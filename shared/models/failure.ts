import type { Failure } from "../jobs/settlement.ts";
import type { Remedy } from "./error-table.ts";
import { ModelError, shorten } from "./model-error.ts";

export interface Diagnosis {
  readonly failure: Failure;
  readonly remedy: Remedy;
}

/** What an exception of an attempt asks for. Only a ModelError says what is known of a model: of any other, nothing is guessed. */
export function diagnose(error: unknown): Diagnosis {
  if (error instanceof ModelError) return { remedy: error.remedy, failure: error.failure };
  const message = error instanceof Error ? error.message : String(error);
  return { remedy: "retry", failure: { code: "unexpected_error", message: shorten(message) } };
}
