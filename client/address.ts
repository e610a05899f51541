import { DarkroomError } from "./error.ts";

/** An id or a name as one piece of a path. @throws DarkroomError if it is not text. */
export function segment(text: string): string {
  return encodeURIComponent(asText("path", text));
}

/** `?a=1&b=2` of what is defined; a `Date` as ISO 8601. @throws DarkroomError of what is not text. */
export function queryOf(query: object = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      params.append(asText(name, name), asText(name, one instanceof Date ? one.toISOString() : String(one)));
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** In an address a replacement character would stand for half of a pair. In a body the API sees it, and refuses it like this. */
function asText(path: string, text: string): string {
  if (text.isWellFormed()) return text;
  const message = "holds half of a surrogate pair, which is not text; send the whole character or leave it out";
  throw new DarkroomError({
    type: "urn:darkroom:problem:invalid_request",
    title: "The request is not valid",
    status: 422,
    detail: `${path}: ${message}`,
    code: "invalid_request",
    issues: [{ path, message }],
  });
}
