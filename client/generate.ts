import type { DryRunEstimate } from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { type AnswerEvents, streamAnswer } from "./stream-answer.ts";
import type { GenerateAnswer, GenerateRequest, GenerateStart } from "./types.ts";

/** With `jsonSchema` the text is JSON that fits. It is checked as a whole, so it comes in one piece. */
export interface GenerateOptions extends CallOptions, Omit<GenerateRequest, "prompt"> {}

export function createGenerate(http: Http) {
  return {
    /**
     * Generate a text and yield it as the model writes it, piece by piece. Leaving the loop stops the model, and what was sent is paid for.
     * A text that breaks off cannot be resumed: ask again.
     * @throws DarkroomError if the request is refused, or if the model does not answer or breaks off.
     */
    generate: (
      prompt: string,
      { signal, onStart, onUsage, onDone, ...options }: GenerateOptions & AnswerEvents<GenerateStart> = {},
    ) => streamAnswer(http, "/v1/generate", { ...options, prompt }, { signal, onStart, onUsage, onDone }),
    /** Generate a text, and return it whole with its cost. */
    generateWhole: (prompt: string, { signal, ...options }: GenerateOptions = {}) =>
      http.json<GenerateAnswer>("POST", "/v1/generate", {
        signal,
        headers: { accept: "application/json" },
        json: { ...options, prompt },
      }),
    /** Return what a generated text would cost at most. Asks no model. */
    estimateText: (prompt: string, { signal, ...options }: GenerateOptions = {}) =>
      http.json<DryRunEstimate>("POST", "/v1/generate/estimate", {
        signal,
        json: { ...options, prompt },
        isRepeatable: true,
      }),
  };
}
