import { DarkroomError } from "./error.ts";

/** Encode an id or a name as one segment of a path. @throws DarkroomError if it is not well-formed text. */
export function segment(text: string): string {
  return encodeURIComponent(asText("path", text));
}

/** Build a query string such as `?a=1&b=2` from the defined fields; a `Date` becomes ISO 8601. @throws DarkroomError for malformed text. */
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

/** In a URL, half of a surrogate pair would become a replacement character. In a body the API sees it and refuses it with this error. */
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

export function uploadPath(id: string): string {
  return `/v1/uploads/${segment(id)}`;
}
