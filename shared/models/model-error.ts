// Why a model did not answer. These errors are created only here, from what the binding answered or threw: an error of R2 or D1
// that quotes a number is never taken for a model's.
import { clip } from "../input/characters.ts";
import type { Failure } from "../jobs/outcome.ts";
import { type ErrorRow, type Remedy, rowForCode, rowForStatus, UNEXPECTED, UNUSABLE_CODES } from "./error-table.ts";

/** A model was asked and gave no usable answer. The message is for people: a sentence, and then the platform's words. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  /** Our own stable code, such as `out_of_capacity`. */
  readonly code: string;
  readonly remedy: Remedy;
  /** The HTTP status of the answer; null if there was no answer. */
  readonly status: number | null;
  /** The platform's number, such as 3040; null if it gave none. */
  readonly platformCode: number | null;

  constructor(
    { code, remedy, message }: { code: string; remedy: Remedy; message: string },
    {
      status = null,
      platformCode = null,
      cause,
    }: ErrorOptions & { status?: number | null; platformCode?: number | null } = {},
  ) {
    super(shorten(message), { cause });
    this.code = code;
    this.remedy = remedy;
    this.status = status;
    this.platformCode = platformCode;
  }

  /** Whether asking the same again can help. */
  get isRetryable(): boolean {
    return this.remedy !== "discard";
  }

  /** Whether the model was withdrawn or is not for this account: it answers no call, and another model may answer instead. */
  get isModelUnusable(): boolean {
    return UNUSABLE_CODES.has(this.code);
  }

  get failure(): Failure {
    return { code: this.code, message: this.message };
  }
}

/**
 * Ask a model, or read its answer. Every error becomes a ModelError.
 * @throws ModelError
 */
export async function asModelError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof ModelError ? error : thrownByBinding(error);
  }
}

/** Return the error for an answer whose status is not a success. `body` is its text. */
export function refusal(status: number, body: string): ModelError {
  const { platformCode, text } = readRefusal(body);
  return described({ platformCode, text: text ?? `HTTP ${status}: ${clip(body, 500)}`, status });
}

/**
 * Return the error for what the binding threw instead of answering: `<code>: <text>`, perhaps after the name of an error that
 * crossed between two Workers (workerd, src/cloudflare/internal/ai-api.ts).
 */
function thrownByBinding(error: unknown): ModelError {
  const message = error instanceof Error ? error.message : String(error);
  const [, code] = /^(?:\w*Error: )*(\d{4}): /.exec(message) ?? [];
  const platformCode = code === undefined ? null : Number(code);
  return described({ platformCode, text: message, status: null, cause: error });
}

/** Return the error for an answer that did not come in time. The platform's number for it is 3007. */
export function silence(afterMs: number): ModelError {
  return described({ platformCode: 3007, text: `3007: no answer within ${afterMs / 1000} s`, status: null });
}

/**
 * Return the error for an answer that came, and is paid for, but is not what the model should answer. @param what what is wrong
 * with it; this follows the model's name.
 */
export function unexpectedAnswer(model: string, what: string, options?: ErrorOptions): ModelError {
  const known = { code: "unexpected_answer", remedy: "retry_once" } as const;
  return new ModelError({ ...known, message: `'${model}' ${what}` }, { status: 200, ...options });
}

/** Return the error for a stream that ended before the answer was complete. */
export function brokenOff(model: string, cause?: unknown): ModelError {
  const because = cause instanceof Error ? `: ${cause.message}` : ".";
  const message = `'${model}' broke off in the middle of its answer${because}`;
  return new ModelError({ code: "model_failed", remedy: "retry", message }, { cause });
}

function described({
  platformCode,
  text,
  status,
  cause,
}: {
  platformCode: number | null;
  text: string;
  status: number | null;
  cause?: unknown;
}): ModelError {
  const known = (platformCode === null ? null : rowForCode(platformCode)) ?? rowForStatus(status);
  const row = isFlagged(text, known) ? FLAGGED : known;
  const message = row === null ? text : `${row.sentence} (${text})`;
  return new ModelError({ ...(row ?? UNEXPECTED), message }, { status, platformCode, cause });
}

const FLAGGED: ErrorRow = {
  remedy: "discard",
  code: "refused_by_model",
  sentence: "The model's safety filter refused the request or its answer.",
};

/**
 * Return whether a safety filter refused. The number differs from model to model (3030 and 8007 are reported); the words do
 * not. A message about the account is not about its input.
 */
function isFlagged(text: string, known: ErrorRow | null): boolean {
  const isAboutInput =
    known === null || (known.remedy !== "snooze" && known.remedy !== "hold" && !UNUSABLE_CODES.has(known.code));
  return isAboutInput && /\bflagged\b|\bNSFW\b|\bsafety\b/i.test(text);
}

/** Return the text that the binding would have thrown, for an error of Workers AI or AI Gateway; null for a page of neither. */
function readRefusal(body: string): { platformCode: number | null; text: string | null } {
  try {
    const error = JSON.parse(body) as Refusal | null;
    const first = error?.errors?.[0];
    if (error?.internalCode !== undefined) return read(error.internalCode, error.description ?? error.message);
    if (first?.code !== undefined) return read(first.code, first.message);
  } catch {
    // Not JSON but a gateway's page. Only the status then says what went wrong.
  }
  return { platformCode: null, text: null };
}

interface Refusal {
  readonly internalCode?: number | string;
  readonly description?: string;
  readonly message?: string;
  readonly errors?: readonly ({ readonly code?: number | string; readonly message?: string } | null)[] | null;
}

function read(code: number | string, text = "") {
  const number = Number(code);
  return { platformCode: Number.isInteger(number) ? number : null, text: `${code}: ${text}` };
}

/** Shorten a platform's message for an attempt's row: long enough to help, but not too long to store. */
export function shorten(message: string): string {
  return message.length > 1100 ? `${clip(message, 1099)}…` : message;
}

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
