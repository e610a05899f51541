import type { Context } from "hono";
import type * as z from "zod";

import { type Problem, problem } from "./problem.ts";

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly response: Response };

/** Parse a JSON body. What is wrong with it is named field by field. `absent` stands for a body that may be left out. */
export async function parseBody<T>(c: Context, schema: z.ZodType<T>, absent?: unknown): Promise<Parsed<T>> {
  let body: unknown;
  try {
    const text = await c.req.text();
    body = text.trim() === "" && absent !== undefined ? absent : JSON.parse(text);
  } catch (error) {
    return { ok: false, response: problem(c, { code: "invalid_json", detail: String(error) }) };
  }
  return parse(c, schema, body);
}

/** Parse the query. A parameter given twice, or one that is unknown, is refused like a wrong one. */
export function parseQuery<T>(c: Context, schema: z.ZodType<T>): Parsed<T> {
  const query = Object.entries(c.req.queries()).map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  return parse(c, schema, Object.fromEntries(query));
}

/** Parse what has been read already. */
export function parse<T>(c: Context, schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, response: problem(c, invalidRequest(parsed.error.issues)) };
}

/** The problem of a request that a schema refused. */
export function invalidRequest(found: readonly z.core.$ZodIssue[]): Problem {
  const issues = found.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const first = issues[0];
  const detail = first === undefined ? "not valid" : `${first.path || "request"}: ${first.message}`;
  return { code: "invalid_request", detail, issues };
}
