import { type Context, Hono } from "hono";

import { fileKey, fileStoredAt } from "../../shared/storage.ts";
import type { App } from "../app.ts";
import { iso } from "../job-view.ts";
import { admitUpload, orGiveBack, typeMetadata } from "../upload-limits.ts";
import { problem } from "../problem.ts";
import { readForm } from "../read-form.ts";
import { listRetentions } from "../../shared/db/retention.ts";
import { storeFile } from "../store-file.ts";

/** What clients may say about a file; R2 holds 2 KB of metadata an object. */
const MAX_METADATA_CHARS = 1000;

export const files = new Hono<App>();

/** What the SDK does first with a Buffer, a Blob or a File that it finds in an input. */
files.post("/", async (c) => {
  const read = await readForm(c);
  if (!read.ok) return problem(c, read.problem);
  const content = read.form.get("content");
  if (content === null || typeof content === "string" || content.size === 0)
    return invalid(c, "content", "expected a file that is not empty");
  const metadata = await metadataOf(read.form.get("metadata"));
  if (metadata === null)
    return invalid(c, "metadata", `expected a JSON object of at most ${MAX_METADATA_CHARS} characters`);

  const admitted = await admitUpload(c, content.size);
  if (!admitted.ok) return problem(c, admitted.problem);
  const body = new Uint8Array(await content.arrayBuffer());
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex();
  const contentType = content.type || "application/octet-stream";
  const incoming = { body, sizeBytes: body.length, contentType };
  const about = { ...typeMetadata(c), sha256, metadata };
  const by = { ownerId: c.get("ownerId"), now: Date.now(), about };
  const stored = await orGiveBack(admitted, storeFile(c.env.MEDIA, incoming, by));
  const object = await c.env.MEDIA.head(stored.key);
  if (object === null) throw new Error(`file '${stored.id}' was stored and is not there`);
  return c.json(await fileView(c, stored.id, object), 201);
});

files.get("/:id", async (c) => {
  const id = c.req.param("id");
  const object = await findFile(c.env.MEDIA, { id, ownerId: c.get("ownerId") });
  return object === null ? problem(c, noSuchFile(id)) : c.json(await fileView(c, id, object));
});

files.delete("/:id", async (c) => {
  const id = c.req.param("id");
  const object = await findFile(c.env.MEDIA, { id, ownerId: c.get("ownerId") });
  if (object === null) return problem(c, noSuchFile(id));
  await c.env.MEDIA.delete(object.key);
  return c.body(null, 204);
});

/** A file of this owner; null for another's, and for what is no id of a file. */
export async function findFile(media: R2Bucket, file: { id: string; ownerId: string }): Promise<R2Object | null> {
  const key = fileKey(file.id);
  if (fileStoredAt(key) === null) return null;
  const object = await media.head(key);
  return object?.customMetadata?.["owner"] === file.ownerId ? object : null;
}

/** The id of a file in an address that we gave out; null for any other. A proxy may have ended TLS: the scheme is no matter. */
export function fileIdIn(address: string, origin: string): string | null {
  const url = URL.parse(address);
  if (url?.host !== new URL(origin).host) return null;
  const [, id] = /^\/replicate\/v1\/files\/([^/]+)$/.exec(url.pathname) ?? [];
  return id ?? null;
}

export function fileAddress(id: string, origin: string): string {
  return `${origin}/replicate/v1/files/${id}`;
}

async function fileView(c: Context<App>, id: string, object: R2Object) {
  const [own] = await listRetentions(c.env.DB, c.get("ownerId"));
  const days = own?.days ?? Number(c.env.RETENTION_DAYS);
  const about = object.customMetadata ?? {};
  const storedAt = fileStoredAt(object.key) ?? object.uploaded.getTime();
  return {
    id,
    content_type: about["contentType"] ?? "application/octet-stream",
    size: object.size,
    checksums: { sha256: about["sha256"] ?? "" },
    metadata: JSON.parse(about["metadata"] ?? "{}") as unknown,
    created_at: iso(storedAt),
    expires_at: iso(storedAt + days * 24 * 3_600_000),
    urls: { get: fileAddress(id, new URL(c.req.url).origin) },
  };
}

/** JSON as it came; null for what is none, or too long. */
async function metadataOf(field: File | string | null): Promise<string | null> {
  const text = field === null ? "{}" : typeof field === "string" ? field : await field.text();
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && text.length <= MAX_METADATA_CHARS ? JSON.stringify(value) : null;
  } catch {
    return null;
  }
}

function invalid(c: Context<App>, path: string, message: string): Response {
  return problem(c, { code: "invalid_request", detail: `${path}: ${message}`, issues: [{ path, message }] });
}

function noSuchFile(id: string) {
  return { code: "file_not_found", detail: `There is no file '${id}'.` } as const;
}
