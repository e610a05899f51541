import { clip } from "../characters.ts";
import type { Failure } from "../settlement.ts";

/** What a failure asks for: another attempt, a later one that is not counted, one after midnight UTC, or none ever. */
export type Remedy = "retry" | "snooze" | "hold" | "discard";

export interface Diagnosis {
  readonly failure: Failure;
  readonly remedy: Remedy;
}

// developers.cloudflare.com/workers-ai/platform/errors (2026-07-29), and codes that users report beside it: 3010, 3030,
// 3043, 4002, 4006, 5006, 7009, 8002, 8007. Only 3036 is documented for the daily allocation; 4006 is what people get.
const BY_CODE: Readonly<Record<string, readonly [remedy: Remedy, code: string, sentence: string]>> = {
  3003: ["discard", "invalid_model_input", "The model refused the request as incomplete."],
  3006: ["discard", "request_too_large", "The input is too large for one request to the model."],
  3007: ["retry", "model_timeout", "The model took too long to answer."],
  3008: ["retry", "model_aborted", "The model's run was aborted."],
  3010: [
    "discard",
    "unsupported_audio",
    "The model could not read this audio: it is damaged or of an unsupported format.",
  ],
  3023: ["discard", "account_blocked", "The account may not use Workers AI."],
  3030: ["discard", "undecodable_input", "The model could not decode this input."],
  3036: ["hold", "daily_allocation_used", "The day's free neurons are used up; the job waits for 00:00 UTC."],
  3039: ["discard", "invalid_model_input", "The model's fine-tune does not exist."],
  3040: ["snooze", "out_of_capacity", "The model has no free capacity at the moment."],
  3041: ["discard", "account_blocked", "The account may not use this model."],
  3042: ["discard", "no_such_model", "The model or the account was not found."],
  3043: ["retry", "model_failed", "The model failed with an internal error."],
  4002: ["discard", "invalid_model_input", "The input is too long for the model."],
  4006: ["hold", "daily_allocation_used", "The day's free neurons are used up; the job waits for 00:00 UTC."],
  5004: ["discard", "invalid_model_input", "The model refused the input as invalid."],
  5005: ["discard", "invalid_model_input", "The model does not support LoRA."],
  5006: ["discard", "invalid_model_input", "The input does not fit the model's schema."],
  5007: ["discard", "no_such_model", "There is no such model."],
  5016: ["discard", "model_agreement_required", "The model's licence must be accepted for the account first."],
  5018: ["discard", "account_blocked", "The account may not use this model."],
  5019: ["discard", "invalid_model_input", "The model refused the request's SDK version."],
  5035: ["discard", "paid_plan_required", "The model needs the Workers Paid plan."],
  7009: ["retry", "model_unavailable", "The model's service is unavailable."],
  8002: ["discard", "invalid_model_input", "The model refused an argument."],
  8007: ["discard", "invalid_model_input", "The model refused an argument."],
};

/**
 * Read a failure out of an error's message. The binding's errors carry no `code` property and their name may change;
 * the message starts with, or holds, `<code>: <description>`.
 */
export function diagnose(message: string): Diagnosis {
  for (const [, code = ""] of message.matchAll(/\b(\d{4})\s*:/g)) {
    const known = BY_CODE[code];
    if (known !== undefined) {
      const [remedy, name, sentence] = known;
      return { remedy, failure: { code: name, message: `${sentence} (${shorten(message)})` } };
    }
  }
  if (/flagged|safety|NSFW/i.test(message)) {
    return { remedy: "discard", failure: { code: "refused_by_model", message: shorten(message) } };
  }
  // AI Gateway's own limits carry no code of Workers AI.
  if (/\b429\b|rate limit|too many requests/i.test(message)) {
    return { remedy: "snooze", failure: { code: "rate_limited", message: shorten(message) } };
  }
  return { remedy: "retry", failure: { code: "unexpected_error", message: shorten(message) } };
}

/** An attempt's row holds a message of the platform's: long enough to help, not long enough to hurt. */
function shorten(message: string): string {
  return message.length > 1000 ? `${clip(message, 999)}…` : message;
}
