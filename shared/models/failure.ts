import { ModelError, shorten } from "./model-error.ts";

/** Whether another model may do what this one does not: it has no capacity, was withdrawn, or is not for this account. */
export function anotherMayAnswer(error: unknown): boolean {
  return error instanceof ModelError && (error.code === "out_of_capacity" || error.isModelUnusable);
}

/**
 * The failure that an exception of an attempt stands for, and what it asks for. Only a ModelError says what is known of a model:
 * of any other exception, nothing is guessed.
 */
export function failureOf(error: unknown): Pick<ModelError, "failure" | "remedy"> {
  if (error instanceof ModelError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { remedy: "retry", failure: { code: "unexpected_error", message: shorten(message) } };
}
