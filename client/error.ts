/** A field that `invalid_request` names, and what is wrong with it. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** The fields of an `application/problem+json` answer (RFC 9457). */
export interface ProblemFields {
  readonly type: string;
  readonly title: string;
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly detail: string;
  /** The API's own code, such as `job_not_found`; or the client's `network_error`, or `not_a_problem` if another server answered. */
  readonly code: string;
  readonly issues?: readonly Issue[] | undefined;
  /** The tag of the current version, for `transcript_changed`. */
  readonly etag?: string | undefined;
}

/** Why a call failed: the problem that the API returned, or the lack of an answer. */
export class DarkroomError extends Error implements ProblemFields {
  override readonly name = "DarkroomError";
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly issues: readonly Issue[];
  readonly etag: string | undefined;
  /** When to try again, if the answer said so. */
  readonly retryAfterSeconds: number | null;

  constructor(problem: ProblemFields, options: { retryAfterSeconds?: number | null; cause?: unknown } = {}) {
    super(`${problem.title}: ${problem.detail}`, { cause: options.cause });
    this.type = problem.type;
    this.title = problem.title;
    this.status = problem.status;
    this.detail = problem.detail;
    this.code = problem.code;
    this.issues = problem.issues ?? [];
    this.etag = problem.etag;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  toJSON(): ProblemFields {
    const { type, title, status, detail, code, issues, etag } = this;
    return {
      type,
      title,
      status,
      detail,
      code,
      ...(issues.length > 0 && { issues }),
      ...(etag !== undefined && { etag }),
    };
  }
}

/** Read an unsuccessful answer and return its error. */
export async function errorOf(response: Response): Promise<DarkroomError> {
  const text = await response.text().catch(() => "");
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : null;
  const fields = problemIn(text);
  if (fields !== null) return new DarkroomError(fields, { retryAfterSeconds });
  const detail = `${response.status} ${text.slice(0, 200)}`.trim();
  return ownError("not_a_problem", "The answer did not come from Darkroom", detail, {
    status: response.status,
    retryAfterSeconds,
  });
}

/** Return the error for a call that got no answer. */
export function networkError(url: string, cause: unknown): DarkroomError {
  const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause).message : String(cause);
  const detail = `${new URL(url).origin} does not answer${reason === "" ? "" : ` (${reason})`}. Check the address and the network.`;
  return ownError("network_error", "No answer", detail, { cause });
}

/** Return an error that the client itself found. */
export function ownError(
  code: string,
  title: string,
  detail: string,
  options: { status?: number; retryAfterSeconds?: number | null; cause?: unknown } = {},
): DarkroomError {
  const { status = 0, ...rest } = options;
  return new DarkroomError({ type: `urn:darkroom:client:${code}`, title, status, detail, code }, rest);
}

function problemIn(text: string): ProblemFields | null {
  try {
    const body = JSON.parse(text) as Partial<ProblemFields> | null;
    return typeof body?.code === "string" && typeof body.title === "string" ? (body as ProblemFields) : null;
  } catch {
    return null;
  }
}
