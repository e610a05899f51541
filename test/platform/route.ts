// How the platform's REST API answers: one envelope for success and for refusal, as wrangler 4.164.0 reads it
// (workers-utils/src/cfetch/) and developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/ describes it.
// What is known of each code stands in the file that uses it; "unverified" means that nobody has read or seen it.
export interface Call {
  readonly method: string;
  /** Behind /client/v4/accounts/<id>. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Of R2's own header `cf-r2-jurisdiction`; null without one. */
  readonly jurisdiction: string | null;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers a call that is its own, else undefined. */
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

/** What a token without the permission gets, whatever it asks for: wrangler 4.164.0 tells missing permissions by this code. */
export const FORBIDDEN = refusal(403, 10000, "Authentication error");

/** The parts of a path between slashes if it matches: `/queues/:id` gives the id. */
export function match(path: string, pattern: string): readonly string[] | null {
  const regex = new RegExp(`^${pattern.replaceAll(/:\w+/g, "([^/]+)")}$`);
  return regex.exec(path)?.slice(1) ?? null;
}

export function newId(): string {
  return crypto.randomUUID();
}

/** Queues' and tokens' ids have no dashes. */
export function newHexId(): string {
  return newId().replaceAll("-", "");
}
