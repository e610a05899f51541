// The errors that a model returns, with the codes of Workers AI (developers.cloudflare.com/workers-ai/platform/errors). 3010,
// 3030, 3043, 5006 and 7009 occur in its answers but are not on that page.
import type * as z from "zod";

import { faultsOf } from "../contracts.ts";

export class InferenceError extends Error {
  readonly status: number;
  readonly internalCode: number;
  readonly description: string;

  constructor(status: number, internalCode: number, description: string, options?: ErrorOptions) {
    super(`${internalCode}: ${description}`, options);
    this.name = "InferenceError";
    this.status = status;
    this.internalCode = internalCode;
    this.description = description;
  }

  /** The body that the service sends. The binding builds its message from `internalCode` and `description`. */
  toJSON(): object {
    const { internalCode, description } = this;
    return { internalCode, name: "AiError", message: `AiError: ${description}`, description };
  }
}

export const noSuchModel = (model: string): InferenceError => new InferenceError(400, 5007, `No such model ${model}`);

export const tooLarge = (): InferenceError => new InferenceError(413, 3006, "Request is too large");

export const unsupportedAudio = (cause?: unknown): InferenceError =>
  new InferenceError(400, 3010, "Unsupported audio input", { cause });

export const undecodablePicture = (cause?: unknown): InferenceError =>
  new InferenceError(400, 3030, "Failed to decode image", { cause });

export const invalidData = (description: string): InferenceError => new InferenceError(400, 5004, description);

/** Permanent, like a missing model: an engine that is not installed will not be there at the next attempt either. */
export const engineMissing = (model: string, remedy: string): InferenceError =>
  new InferenceError(400, 5007, `No such model ${model} offline: ${remedy}`);

export const internalFailure = (cause: unknown): InferenceError =>
  new InferenceError(500, 3043, "Internal server error", { cause });

export const invalidInput = (description: string): InferenceError => new InferenceError(400, 5006, description);

export function schemaViolation(error: z.ZodError): InferenceError {
  return invalidInput(faultsOf(error.issues));
}
