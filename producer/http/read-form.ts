import type { Context } from "hono";

import { MAX_UPLOAD_BYTES } from "../../shared/limits.ts";
import type { App } from "./app.ts";
import { boundaryOf, type Form, parseForm } from "./parse-form.ts";
import type { Problem } from "./problem.ts";

/**
 * A form is kept in memory, and an isolate of 128 MB serves many clients. OpenAI has the same limit of 25 MiB. `POST /v1/uploads`
 * streams larger files, or Darkroom fetches them from their address.
 */
export const MAX_FORM_BYTES = 25 * 1024 * 1024;

export type ReadForm = { readonly ok: true; readonly form: Form } | { readonly ok: false; readonly problem: Problem };

/**
 * Read a multipart body, and keep no more of it than the limit: SDKs stream their forms without a length. The rest is read and
 * dropped, because a client that is still sending may not read the answer.
 */
export async function readForm(c: Context<App>): Promise<ReadForm> {
  const boundary = boundaryOf(c.req.header("content-type") ?? "");
  const body = c.req.raw.body;
  if (boundary === null || body === null) {
    return refuse("send a multipart/form-data body; its Content-Type must name a boundary of at most 70 characters");
  }
  if (Number(c.req.header("content-length") ?? 0) > MAX_FORM_BYTES) return TOO_LARGE;
  let whole: Uint8Array | null;
  try {
    whole = await readAll(body);
  } catch (error) {
    return refuse(`the form could not be read: ${String(error)}`);
  }
  if (whole === null) return TOO_LARGE;
  const parsed = parseForm(whole, boundary);
  return parsed.ok ? parsed : refuse(parsed.reason, parsed.path);
}

/** Read a whole body; null if it is too large. */
async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_UPLOAD_BYTES) break;
    if (sizeBytes <= MAX_FORM_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (sizeBytes > MAX_FORM_BYTES) return null;
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The values of the fields that are not files. `name[]`, `name[0]` and `name[part]`, as SDKs write lists and objects, belong to `name`. */
export function fieldValues({ texts }: Form): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>();
  for (const [written, values] of texts) {
    const name = written.replace(/(?<=.)\[[^[\]]*\]$/, "");
    fields.set(name, [...(fields.get(name) ?? []), ...values]);
  }
  return fields;
}

const TOO_LARGE: ReadForm = {
  ok: false,
  problem: {
    code: "upload_too_large",
    detail: `A form may have at most ${MAX_FORM_BYTES} bytes. Send a larger file to POST /v1/uploads.`,
  },
};

function refuse(message: string, path = ""): ReadForm {
  const detail = path === "" ? message : `${path}: ${message}`;
  return { ok: false, problem: { code: "invalid_request", detail, issues: [{ path, message }] } };
}
