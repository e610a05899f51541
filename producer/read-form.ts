import type { Context } from "hono";

import { MAX_UPLOAD_BYTES } from "../shared/limits.ts";
import type { App } from "./app.ts";
import type { Problem } from "./problem.ts";

/**
 * `formData()` keeps a file in memory, and an isolate of 128 MB serves many clients. 25 MiB is what OpenAI takes too;
 * larger files are streamed by `POST /v1/uploads`, or fetched from their address.
 */
export const MAX_FORM_BYTES = 25 * 1024 * 1024;

export type ReadForm =
  | { readonly ok: true; readonly form: FormData }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Read a multipart body, and keep no more of it than the limit: SDKs stream theirs without saying its length. The rest is
 * read and dropped, so that the client is there for the answer.
 */
export async function readForm(c: Context<App>): Promise<ReadForm> {
  const type = c.req.header("content-type") ?? "";
  const body = c.req.raw.body;
  if (!/^multipart\/form-data *;/i.test(type) || body === null) return refuse("expected a multipart/form-data body");
  if (Number(c.req.header("content-length") ?? 0) > MAX_FORM_BYTES) return TOO_LARGE;

  let sizeBytes = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sizeBytes += chunk.length;
        if (sizeBytes <= MAX_FORM_BYTES) controller.enqueue(chunk);
        else if (sizeBytes > MAX_UPLOAD_BYTES) controller.error(new Error("over the limit"));
      },
    }),
  );
  try {
    const form = await new Response(counted, { headers: { "content-type": type } }).formData();
    return { ok: true, form };
  } catch (error) {
    return sizeBytes > MAX_FORM_BYTES ? TOO_LARGE : refuse(`the form could not be read: ${String(error)}`);
  }
}

/** The fields but the files, by name; `name[]` may come several times and is a list. */
export function textFields(form: FormData): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const name of new Set(form.keys())) {
    const first = form.getAll(name).find(isText);
    if (name.endsWith("[]")) fields[name.slice(0, -2)] = form.getAll(name).filter(isText);
    else if (first !== undefined) fields[name] = first;
  }
  return fields;
}

function isText(value: string | File): value is string {
  return typeof value === "string";
}

const TOO_LARGE: ReadForm = {
  ok: false,
  problem: {
    code: "upload_too_large",
    detail: `A form has at most ${MAX_FORM_BYTES} bytes; POST /v1/uploads takes larger files.`,
  },
};

function refuse(detail: string): ReadForm {
  return { ok: false, problem: { code: "invalid_request", detail, issues: [{ path: "", message: detail }] } };
}
