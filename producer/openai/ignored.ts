// Parameters of OpenAI's API that change nothing here, and those that cannot be met.
import type { Context } from "hono";

import { clip } from "../../shared/input/characters.ts";
import type { App } from "../http/app.ts";
import { openAiError } from "./errors.ts";

/** The names of parameters that were accepted without effect, separated by commas. */
export const IGNORED_HEADER = "x-darkroom-ignored";

/** A header has room for these. A request that names more shows only the first ones. */
const MAX_NAMES = 30;
const MAX_NAME_CHARS = 60;

/** Name parameters in the answer's header that were accepted and change nothing here. */
export function ignore(c: Context<App>, ...names: readonly string[]): void {
  if (names.length === 0) return;
  const ignored = [...new Set([...(c.get("ignored") ?? []), ...names.map(headerName)])].slice(0, MAX_NAMES);
  c.set("ignored", ignored);
  c.header(IGNORED_HEADER, ignored.join(", "));
}

/** Name those of these parameters that the request has. `null` is what the SDKs send for "the default". */
export function ignoreGiven(c: Context<App>, given: Readonly<Record<string, unknown>>): void {
  const names = Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== "");
  ignore(c, ...names.map(([name]) => name));
}

/** A name comes from the client, and a header takes only a part of ASCII. */
function headerName(name: string): string {
  return clip(encodeURIComponent(name.replace(/\[\]$/, "").toWellFormed()), MAX_NAME_CHARS);
}

/**
 * The answer to a request with parameters that cannot be met: 400 with the first one's own name and value. Null if all can be met, or if
 * the operator has set `OPENAI_LENIENT`: then they are named in the header, like parameters that change nothing.
 * @param given the values by parameter. A parameter that was left out is not checked.
 * @param reasons why a value cannot be met and what to do instead, as a sentence that continues after name and value; null if it can.
 */
export function refuseUnmet(
  c: Context<App>,
  given: Readonly<Record<string, unknown>>,
  reasons: Readonly<Record<string, string | null>>,
): Response | null {
  const isLenient = c.env.OPENAI_LENIENT === "true";
  for (const [param, reason] of Object.entries(reasons)) {
    const value = given[param];
    if (reason === null || value === undefined || value === null) continue;
    if (!isLenient) return unmet(c, { param, value, reason });
    ignore(c, param);
  }
  return null;
}

/** The refusal of one parameter, whatever the operator has set. */
export function unmet(
  c: Context<App>,
  { param, value, reason }: { readonly param: string; readonly value: unknown; readonly reason: string },
): Response {
  const message = `Unsupported value: '${param}' is ${shown(value)}: ${reason}`;
  return openAiError(c, { status: 400, message, type: "invalid_request_error", param, code: "unsupported_value" });
}

const MAX_SHOWN_CHARS = 100;

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return `'${clip(text, MAX_SHOWN_CHARS)}${text.length > MAX_SHOWN_CHARS ? "…" : ""}'`;
}
