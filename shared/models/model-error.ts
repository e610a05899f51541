// Why a model did not answer. Built here alone, from what the binding answered or threw: an error of R2 or D1 that quotes
// a number is never taken for a model's.
import { clip } from "../input/characters.ts";
import type { Failure } from "../jobs/settlement.ts";
import { type ErrorRow, type Remedy, rowForCode, rowForStatus, UNEXPECTED, UNUSABLE_CODES } from "./error-table.ts";

/** A model was asked and gave no usable answer. The message is for people: a sentence, and the platform's words. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  /** Ours and stable: `out_of_capacity`. */
  readonly code: string;
  readonly remedy: Remedy;
  /** Of the answer's HTTP; null where there was no answer. */
  readonly status: number | null;
  /** The platform's number: 3040. Null where it gave none. */
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

  /** Withdrawn, or not for this account: nobody gets an answer of this model, and another one may do instead. */
  get isModelUnusable(): boolean {
    return UNUSABLE_CODES.has(this.code);
  }

  get failure(): Failure {
    return { code: this.code, message: this.message };
  }
}

/**
 * Ask a model, or read its answer. What goes wrong is a ModelError.
 * @throws ModelError
 */
export async function asModelError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof ModelError ? error : thrownByBinding(error);
  }
}

/** An answer with a status that is no success. `body` is its text. */
export function refusal(status: number, body: string): ModelError {
  const { platformCode, text } = readRefusal(body);
  return described({ platformCode, text: text ?? `HTTP ${status}: ${clip(body, 500)}`, status });
}

/**
 * What the binding threw instead of answering: `<code>: <text>`, perhaps behind the name of an error that crossed between
 * two Workers (workerd, src/cloudflare/internal/ai-api.ts).
 */
function thrownByBinding(error: unknown): ModelError {
  const message = error instanceof Error ? error.message : String(error);
  const [, code] = /^(?:\w*Error: )*(\d{4}): /.exec(message) ?? [];
  const platformCode = code === undefined ? null : Number(code);
  return described({ platformCode, text: message, status: null, cause: error });
}

/** No answer came in time. 3007 is what the platform calls it. */
export function silence(afterMs: number): ModelError {
  return described({ platformCode: 3007, text: `3007: no answer within ${afterMs / 1000} s`, status: null });
}

/** The answer is there, and paid for, but not what the model is to answer. @param what is wrong with it, after the model's name. */
export function unexpectedAnswer(model: string, what: string, options?: ErrorOptions): ModelError {
  const known = { code: "unexpected_answer", remedy: "retry_once" } as const;
  return new ModelError({ ...known, message: `'${model}' ${what}` }, { status: 200, ...options });
}

/** A stream that ended before the answer had. */
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

/** The number differs from model to model (3030 and 8007 are reported); the words do not. What is said of the account is not of its input. */
function isFlagged(text: string, known: ErrorRow | null): boolean {
  const isAboutInput =
    known === null || (known.remedy !== "snooze" && known.remedy !== "hold" && !UNUSABLE_CODES.has(known.code));
  return isAboutInput && /\bflagged\b|\bNSFW\b|\bsafety\b/i.test(text);
}

/** The text that the binding would have thrown: of Workers AI, of AI Gateway, or null of a page that is neither's. */
function readRefusal(body: string): { platformCode: number | null; text: string | null } {
  try {
    const error = JSON.parse(body) as Refusal | null;
    const first = error?.errors?.[0];
    if (error?.internalCode !== undefined) return read(error.internalCode, error.description ?? error.message);
    if (first?.code !== undefined) return read(first.code, first.message);
  } catch {
    // Not JSON: a gateway's page. The status is then all there is to go by.
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

/** An attempt's row holds a message of the platform's: long enough to help, not long enough to hurt. */
export function shorten(message: string): string {
  return message.length > 1100 ? `${clip(message, 1099)}…` : message;
}
