import type { Failure } from "../jobs/settlement.ts";
import type { Remedy } from "./error-table.ts";
import { ModelError, shorten } from "./model-error.ts";

export interface Diagnosis {
  readonly failure: Failure;
  readonly remedy: Remedy;
}

/** Whether another model may do what this one does not: it has no capacity, was withdrawn, or is not for this account. */
export function anotherMayAnswer(error: unknown): boolean {
  return error instanceof ModelError && (error.code === "out_of_capacity" || error.isModelUnusable);
}

/** What an exception of an attempt asks for. Only a ModelError says what is known of a model: of any other, nothing is guessed. */
export function diagnose(error: unknown): Diagnosis {
  if (error instanceof ModelError) return { remedy: error.remedy, failure: error.failure };
  const message = error instanceof Error ? error.message : String(error);
  return { remedy: "retry", failure: { code: "unexpected_error", message: shorten(message) } };
}
