import { decodeText } from "../../shared/input/decode-text.ts";

/** The SDKs of the dialects send nine fields at most. */
export const MAX_FORM_FIELDS = 50;

/** The limit for the headers of one field. It allows a type of 9,000 characters, which a client may send: the file is stored without it. */
export const MAX_FIELD_HEADER_BYTES = 16_384;

/** Only the boundary is read, which has at most 70 characters. */
const MAX_CONTENT_TYPE_CHARS = 300;

/** RFC 2046, section 5.1.1: at most 70 characters of this set, the last of which is not a space. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

export interface FormFile {
  readonly bytes: Uint8Array;
  /** Empty if the client sent no type. */
  readonly contentType: string;
  /** Empty if the client sent none. */
  readonly fileName: string;
}

/** The fields of a form by name, the values of each name in their order. */
export interface Form {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** The first file of each name. */
  readonly files: ReadonlyMap<string, FormFile>;
}

export type ParsedForm =
  | { readonly ok: true; readonly form: Form }
  | {
      readonly ok: false;
      /** The field that is wrong; empty if the form itself is wrong. */
      readonly path: string;
      readonly reason: string;
      /** How many fields were read. */
      readonly fields: number;
    };

/** The boundary in a `Content-Type`; null if the type is not that of a form, or if its boundary is missing or not allowed. */
export function boundaryOf(contentType: string): string | null {
  if (contentType.length > MAX_CONTENT_TYPE_CHARS) return null;
  const [, quoted, bare] =
    /^multipart\/form-data *;(?:[^"]*;)? *boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))(?:$|[ ;])/i.exec(contentType) ??
    [];
  const boundary = quoted ?? bare ?? "";
  return BOUNDARY.test(boundary) ? boundary : null;
}

/**
 * Read a multipart form (RFC 7578) in one pass. Each byte is compared at most twice, and a form with too many fields is refused
 * before the rest is read. Files are views of `body`. The runtime's `formData()` has no limits, and replaces bytes that are not text
 * with replacement characters.
 */
export function parseForm(body: Uint8Array, boundary: string): ParsedForm {
  const texts = new Map<string, string[]>();
  const files = new Map<string, FormFile>();
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  let fields = 0;
  const refuse = (reason: string, path = ""): ParsedForm => ({ ok: false, path, reason, fields });

  // The first delimiter begins the body, or ends a preamble.
  let at = startsAt(body, 0, delimiter.subarray(2)) ? delimiter.length - 2 : endOf(body, delimiter, 0);
  for (;;) {
    if (at === -1) return refuse("the form ends in the middle: its last boundary is missing");
    if (startsAt(body, at, DASHES)) return { ok: true, form: { texts, files } };
    fields += 1;
    if (fields > MAX_FORM_FIELDS) return refuse(`the form has more than ${MAX_FORM_FIELDS} fields`);
    // The search includes the line break of the boundary's own line, so that a field without headers has empty ones.
    const headersEnd = endOf(body.subarray(0, at + MAX_FIELD_HEADER_BYTES), BLANK_LINE, at);
    if (headersEnd === -1) {
      return refuse(`the headers of field ${fields} do not end within ${MAX_FIELD_HEADER_BYTES} bytes`);
    }
    const headers = decodeText(body.subarray(at, headersEnd));
    if (!headers.ok) return refuse(`the name of field ${fields} ${headers.reason}`);
    const field = readHeaders(headers.text);
    if (field === null) return refuse(`field ${fields} has no Content-Disposition with a name`);
    at = endOf(body, delimiter, headersEnd);
    if (at === -1) continue;
    const bytes = body.subarray(headersEnd, at - delimiter.length);
    if (field.isFile) {
      if (!files.has(field.name))
        files.set(field.name, { bytes, contentType: field.contentType, fileName: field.fileName });
      continue;
    }
    const text = decodeText(bytes);
    if (!text.ok) return refuse(text.reason, field.name);
    const known = texts.get(field.name);
    if (known === undefined) texts.set(field.name, [text.text]);
    else known.push(text.text);
  }
}

const DASHES = new TextEncoder().encode("--");
const BLANK_LINE = new TextEncoder().encode("\r\n\r\n");

/** A parameter of Content-Disposition. Browsers write a quotation mark as %22, other clients with a backslash. */
const PARAMETER = /;[ \t]*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*/y;

function readHeaders(
  headers: string,
): { readonly name: string; readonly isFile: boolean; readonly contentType: string; readonly fileName: string } | null {
  const lines = headers.split("\r\n");
  const valueOf = (name: string) =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const disposition = valueOf("content-disposition");
  if (disposition === undefined || !/^form-data\b/i.test(disposition)) return null;
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = "form-data".length;
  for (let found = PARAMETER.exec(disposition); found !== null; found = PARAMETER.exec(disposition)) {
    parameters.set((found[1] ?? "").toLowerCase(), unescaped(found[2] ?? found[3] ?? ""));
  }
  const name = parameters.get("name");
  if (name === undefined) return null;
  const isFile = parameters.has("filename") || parameters.has("filename*");
  return { name, isFile, contentType: valueOf("content-type") ?? "", fileName: parameters.get("filename") ?? "" };
}

function unescaped(value: string): string {
  return value
    .replaceAll(/\\(["\\])/g, "$1")
    .replaceAll(/%22/g, '"')
    .replaceAll(/%0D%0A/gi, "\r\n");
}

/**
 * Where the first occurrence of `sequence` at or after `from` ends; -1 if there is none. A candidate begins with a carriage return,
 * and a delimiter has a carriage return only there. So candidates do not overlap, and no byte is compared more than twice.
 */
function endOf(body: Uint8Array, sequence: Uint8Array, from: number): number {
  const [first = 0] = sequence;
  for (let at = body.indexOf(first, from); at !== -1; at = body.indexOf(first, at + 1)) {
    if (startsAt(body, at, sequence)) return at + sequence.length;
  }
  return -1;
}

function startsAt(body: Uint8Array, at: number, sequence: Uint8Array): boolean {
  for (let index = 0; index < sequence.length; index += 1) {
    if (body[at + index] !== sequence[index]) return false;
  }
  return true;
}
