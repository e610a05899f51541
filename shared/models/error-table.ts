// The platform's errors, and the remedy for each. Source: developers.cloudflare.com/workers-ai/platform/errors, last updated
// 2026-09-17; test/contracts/errors.json has its rows. Not on that page, but reported by users: 3010, 3030, 3043, 4002, 4006,
// 5006, 5025, 7009, 8002, 8007, and HTTP 410 for a model that was withdrawn.

/**
 * The remedy for a failure: another attempt, one more at most, a later one that is not counted, one after midnight UTC, or
 * none.
 */
export type Remedy = "retry" | "retry_once" | "snooze" | "hold" | "discard";

export interface ErrorRow {
  readonly remedy: Remedy;
  readonly code: string;
  readonly sentence: string;
}

const row = (remedy: Remedy, code: string, sentence: string): ErrorRow => ({ remedy, code, sentence });

// Only 3036 is documented for the daily allocation; users get 4006.
const ALLOCATION = row(
  "hold",
  "daily_allocation_used",
  "The day's free neurons are used up; the job waits until 00:00 UTC.",
);
const FORBIDDEN = row("discard", "account_blocked", "The account may not use this model.");
const TOO_LARGE = row("discard", "request_too_large", "The input is too large for one request to the model.");
const TIMEOUT = row("retry", "model_timeout", "The model took too long to answer.");
const ARGUMENT = row("discard", "invalid_model_input", "The model refused an argument.");

const BY_CODE: Readonly<Record<number, ErrorRow>> = {
  3003: row("discard", "invalid_model_input", "The model refused the request as incomplete."),
  3006: TOO_LARGE,
  3007: TIMEOUT,
  3008: row("retry", "model_aborted", "The model's run was aborted."),
  3010: row(
    "discard",
    "unsupported_audio",
    "The model could not read this audio: it is damaged or of an unsupported format.",
  ),
  3023: row("discard", "account_blocked", "The account may not use Workers AI."),
  3030: row("discard", "undecodable_input", "The model could not decode this input."),
  3036: ALLOCATION,
  3039: row("discard", "invalid_model_input", "The model's fine-tune lacks files."),
  3040: row("snooze", "out_of_capacity", "The model has no free capacity at the moment."),
  3041: FORBIDDEN,
  3042: row("discard", "no_such_model", "The model's name is not valid."),
  3043: row("retry", "model_failed", "The model failed with an internal error."),
  4002: row("discard", "invalid_model_input", "The input is too long for the model."),
  4006: ALLOCATION,
  5004: row("discard", "invalid_model_input", "The model refused the input as invalid."),
  5005: row("discard", "invalid_model_input", "The model does not support LoRA."),
  5006: row("discard", "invalid_model_input", "The input does not fit the model's schema."),
  5007: row("discard", "no_such_model", "There is no such model."),
  5016: row("discard", "model_agreement_required", "The model's licence must be accepted for the account first."),
  5018: FORBIDDEN,
  5019: row("discard", "invalid_model_input", "The model refused the request's SDK version."),
  5025: row("discard", "invalid_model_input", "The model does not take this answer format."),
  5035: row("discard", "paid_plan_required", "The model needs the Workers Paid plan."),
  7009: row("retry", "model_unavailable", "The model's service is unavailable."),
  8002: ARGUMENT,
  8007: ARGUMENT,
};

/** For errors whose number is missing or unknown: AI Gateway's own refusals, and errors that the page does not list. */
const BY_STATUS: Readonly<Record<number, ErrorRow>> = {
  403: FORBIDDEN,
  404: row("discard", "no_such_model", "The model was not found."),
  408: TIMEOUT,
  410: row("discard", "model_withdrawn", "The platform has withdrawn this model."),
  413: TOO_LARGE,
  429: row("snooze", "rate_limited", "The platform accepts no more requests at the moment."),
};

const FAILED = row("retry", "model_failed", "The model's service failed.");

export const UNEXPECTED = { remedy: "retry", code: "unexpected_error" } as const;

/** The codes of a model that answers no call of this account, now or later. */
export const UNUSABLE_CODES: ReadonlySet<string> = new Set([
  "no_such_model",
  "model_withdrawn",
  "account_blocked",
  "model_agreement_required",
  "paid_plan_required",
]);

export function rowForCode(code: number): ErrorRow | null {
  return BY_CODE[code] ?? null;
}

export function rowForStatus(status: number | null): ErrorRow | null {
  if (status === null) return null;
  return BY_STATUS[status] ?? (status >= 500 ? FAILED : null);
}
