import type { Context } from "hono";
import type * as z from "zod";

import { decodeText } from "../../shared/input/decode-text.ts";
import { readJson } from "../../shared/input/read-json.ts";
import { clip } from "../../shared/input/characters.ts";
import { LINK_PARAMETERS } from "../../shared/uploads/signed-url.ts";
import type { App } from "./app.ts";
import { type Problem, problem } from "./problem.ts";
import { reasonOf } from "./reason.ts";

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly response: Response };

/** Parse a JSON body. Its faults are named field by field. If the body may be left out, `absent` is used instead. */
export async function parseBody<T>(c: Context, schema: z.ZodType<T>, absent?: unknown): Promise<Parsed<T>> {
  const decoded = decodeText(new Uint8Array(await c.req.arrayBuffer()));
  if (!decoded.ok) return refused(c, { code: "invalid_json", detail: `The body ${decoded.reason}.` });
  if (absent !== undefined && decoded.text.trim() === "") return parse(c, schema, absent);
  const read = readJson(decoded.text);
  if (read.ok) return parse(c, schema, read.value);
  if (!read.isJson) {
    const isForm = /^multipart\//i.test(c.req.header("content-type") ?? "");
    const detail = isForm
      ? "The body is a form, and this route takes JSON. With curl, send it with -d '{…}' instead of -F."
      : read.reason;
    return refused(c, { code: "invalid_json", detail });
  }
  const issues = [{ path: "", message: read.reason }];
  return refused(c, { code: "invalid_request", detail: `request: ${read.reason}`, issues });
}

/**
 * Parse the query. An unknown parameter, or one that is given twice, is refused like a wrong one. The parameters of a signed link
 * have been checked already, and do not belong to the route.
 */
export function parseQuery<T>(c: Context<App>, schema: z.ZodType<T>): Parsed<T> {
  const query = Object.entries(c.req.queries()).map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  const own = Object.fromEntries(query) as Record<string, unknown>;
  if (c.get("isLink") === true) for (const name of LINK_PARAMETERS) delete own[name];
  return parse(c, schema, own);
}

/** Parse a value that has been read already. */
export function parse<T>(c: Context, schema: z.ZodType<T>, value: unknown): Parsed<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return refused(c, invalidRequest(parsed.error.issues));
}

function refused(c: Context, occurrence: Problem): { readonly ok: false; readonly response: Response } {
  return { ok: false, response: problem(c, occurrence) };
}

/** The limits of an answer, which people read: of ten thousand faults it has the first ones, and long texts are cut. */
const MAX_ISSUES = 50;
const MAX_ISSUE_CHARS = 500;

/** The problem for a request that a schema refused. */
export function invalidRequest(found: readonly z.core.$ZodIssue[]): Problem {
  const issues = found.slice(0, MAX_ISSUES).map((issue) => {
    const { path, message } = reasonOf(issue);
    return { path: clip(path.join("."), MAX_ISSUE_CHARS), message: clip(message, MAX_ISSUE_CHARS) };
  });
  const first = issues[0];
  const detail = first === undefined ? "not valid" : `${first.path || "request"}: ${first.message}`;
  return { code: "invalid_request", detail, issues };
}
