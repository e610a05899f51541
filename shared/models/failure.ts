import { ModelError, shorten } from "./model-error.ts";

/** Return whether another model may answer instead: this one has no capacity, was withdrawn, or is not for this account. */
export function anotherMayAnswer(error: unknown): boolean {
  return error instanceof ModelError && (error.code === "out_of_capacity" || error.isModelUnusable);
}

/**
 * Translate an exception of an attempt into a failure and a remedy. Only a ModelError says something about a model;
 * for any other exception nothing is guessed.
 */
export function failureOf(error: unknown): Pick<ModelError, "failure" | "remedy"> {
  if (error instanceof ModelError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { remedy: "retry", failure: { code: "unexpected_error", message: shorten(message) } };
}
