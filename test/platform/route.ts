// How the platform's REST API answers: one envelope for success and for refusal, as wrangler 4.164.0 reads it
// (workers-utils/src/cfetch/) and developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/ describes it.
// The file that uses a code says what is known about it. "Unverified" means that nobody has read or seen it.
export interface Call {
  readonly method: string;
  /** The path after /client/v4/accounts/<id>. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** The value of R2's header `cf-r2-jurisdiction`; null without it. */
  readonly jurisdiction: string | null;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers a call of its own routes; undefined for other calls. */
export type Route = (call: Call, json: () => Record<string, unknown>) => Answer | undefined | Promise<Answer>;

export function ok(result: unknown, more: object = {}): Answer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}

export function page(results: readonly unknown[]): Answer {
  const count = results.length;
  return ok(results, { result_info: { page: 1, per_page: 100, count, total_count: count, total_pages: 1 } });
}

export function refusal(status: number, code: number, message: string): Answer {
  return { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
}

/** The refusal of every call with a token that lacks the permission. wrangler 4.164.0 recognises missing permissions by this code. */
export const FORBIDDEN = refusal(403, 10000, "Authentication error");

/** Return the named parts of a path if it matches: `/queues/:id` gives the id. */
export function match(path: string, pattern: string): readonly string[] | null {
  const regex = new RegExp(`^${pattern.replaceAll(/:\w+/g, "([^/]+)")}$`);
  return regex.exec(path)?.slice(1) ?? null;
}

export function newId(): string {
  return crypto.randomUUID();
}

/** Return an id without dashes, as queues and tokens have. */
export function newHexId(): string {
  return newId().replaceAll("-", "");
}
