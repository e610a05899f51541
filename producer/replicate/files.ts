import { type Context, Hono } from "hono";
import * as z from "zod";

import { clip, countChars } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_ADDRESS_CHARS } from "../../shared/limits.ts";
import { parseOwn, readJson } from "../../shared/input/read-json.ts";
import { fileKey, FILES_PREFIX, fileStoredAt } from "../../shared/uploads/storage.ts";
import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import type { App } from "../http/app.ts";
import { iso } from "../http/time.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { submitterOf } from "../http/auth.ts";
import { problem } from "../http/problem.ts";
import type { Form } from "../http/parse-form.ts";
import { readForm } from "../http/read-form.ts";
import { listRetentions } from "../../shared/db/jobs/retention.ts";
import { storeFile } from "../uploads/store-file.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { DAY_MS } from "../../shared/durations.ts";
import { parseQuery } from "../http/validate.ts";
import { listFiles, POSITION } from "./list-files.ts";
import { describe } from "../http/describe.ts";
import { FILE_DESCRIPTIONS } from "./file-descriptions.ts";

/** The limit of a client's metadata for a file. R2 allows 8 kB of metadata an object. */
const MAX_METADATA_CHARS = 1000;

/** The number of files on a page, which is the same at Replicate. */
const PAGE = 100;

/** R2 allows 8 kB of metadata an object. */
const MAX_NAME_CHARS = 255;

const FilesQuery = z.strictObject({
  cursor: boundedText({
    max: 40,
    pattern: [POSITION, "not a cursor of this list; send the address in next"],
  }).optional(),
});

export const files = new Hono<App>();

/** Store a file. The SDK sends a Buffer, Blob or File that it finds in an input here first. */
files.post("/", describe(FILE_DESCRIPTIONS.createFile), async (c) => {
  const read = await readForm(c);
  if (!read.ok) return problem(c, read.problem);
  const content = read.form.files.get("content");
  if (content === undefined || content.bytes.length === 0)
    return invalid(c, "content", "send a file that is not empty");
  const metadata = metadataOf(read.form);
  if (!metadata.ok) return invalid(c, "metadata", metadata.reason);

  const body = content.bytes;
  const contentType = content.contentType || "application/octet-stream";
  const incoming = { body, sizeBytes: body.length, contentType };
  const name = clip(content.fileName, MAX_NAME_CHARS);
  const about = { sha256: await sha256Hex(body), metadata: metadata.json, name };
  const stored = await storeFile(incoming, submitterOf(c), intakeOf(c.env), about);
  if (!stored.ok) return problem(c, stored.problem);
  const { id, key } = stored.file;
  const object = await c.env.MEDIA.head(key);
  if (object === null) throw new Error(`file '${id}' was stored but does not exist`);
  return c.json(await ownView(c, object), 201);
});

/** List the owner's files, the oldest first: the bucket can list them in this order alone. */
files.get("/", describe(FILE_DESCRIPTIONS.listFiles), async (c) => {
  const query = parseQuery(c, FilesQuery);
  if (!query.ok) return query.response;
  const ownerId = c.get("ownerId");
  const page = await listFiles(c.env.MEDIA, { ownerId, after: query.value.cursor, limit: PAGE });
  const days = await retentionDays(c);
  const { origin } = new URL(c.req.url);
  return c.json({
    previous: null,
    next: page.next === null ? null : `${origin}/replicate/v1/files?cursor=${page.next}`,
    results: page.files.map((object) => fileView(object, { days, origin })),
  });
});

files.get("/:id", describe(FILE_DESCRIPTIONS.getFile), async (c) => {
  const id = c.req.param("id");
  const object = await findFile(c.env.MEDIA, { id, ownerId: c.get("ownerId") });
  return object === null ? problem(c, noSuchFile(id)) : c.json(await ownView(c, object));
});

files.delete("/:id", describe(FILE_DESCRIPTIONS.deleteFile), async (c) => {
  const id = c.req.param("id");
  const object = await findFile(c.env.MEDIA, { id, ownerId: c.get("ownerId") });
  if (object === null) return problem(c, noSuchFile(id));
  await c.env.MEDIA.delete(object.key);
  return c.body(null, 204);
});

/** Find a file of an owner; null for a file of another owner, and for text that is not the id of a file. */
export async function findFile(media: R2Bucket, file: { id: string; ownerId: string }): Promise<R2Object | null> {
  const key = fileKey(file.id);
  if (fileStoredAt(key) === null) return null;
  const object = await media.head(key);
  return object?.customMetadata?.["owner"] === file.ownerId ? object : null;
}

/** The id of the file in an address that this API gave out; null for other addresses. The scheme is ignored, because a proxy may have ended TLS. */
export function fileIdIn(address: string, origin: string): string | null {
  const url = address.length > MAX_ADDRESS_CHARS ? null : URL.parse(address);
  if (url?.host !== new URL(origin).host) return null;
  const [, id] = /^\/replicate\/v1\/files\/([^/]+)$/.exec(url.pathname) ?? [];
  return id ?? null;
}

export function fileAddress(id: string, origin: string): string {
  return `${origin}/replicate/v1/files/${id}`;
}

async function ownView(c: Context<App>, object: R2Object) {
  return fileView(object, { days: await retentionDays(c), origin: new URL(c.req.url).origin });
}

/** For how many days the owner's files are kept. */
async function retentionDays(c: Context<App>): Promise<number> {
  const [own] = await listRetentions(c.env.DB, c.get("ownerId"));
  return own?.days ?? Number(c.env.RETENTION_DAYS);
}

function fileView(object: R2Object, { days, origin }: { days: number; origin: string }) {
  const id = object.key.slice(FILES_PREFIX.length);
  const about = object.customMetadata ?? {};
  const storedAt = fileStoredAt(object.key) ?? object.uploaded.getTime();
  return {
    id,
    // Python's client requires a name and an etag.
    name: about["name"] ?? id,
    content_type: about["contentType"] ?? "application/octet-stream",
    size: object.size,
    etag: object.etag,
    checksums: { sha256: about["sha256"] ?? "" },
    metadata: about["metadata"] === undefined ? {} : parseOwn(about["metadata"]),
    created_at: iso(storedAt),
    expires_at: iso(storedAt + days * DAY_MS),
    urls: { get: fileAddress(id, origin) },
  };
}

type FileMetadata = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly reason: string };

/** Read the client's metadata for its file. The SDK sends it as a second file of the form. */
function metadataOf({ texts, files: sent }: Form): FileMetadata {
  const file = sent.get("metadata");
  const decoded = file === undefined ? null : decodeText(file.bytes);
  if (decoded?.ok === false) return decoded;
  const json = decoded?.text ?? texts.get("metadata")?.[0] ?? "{}";
  const chars = countChars(json);
  if (chars > MAX_METADATA_CHARS) {
    return { ok: false, reason: `has ${chars} characters; the limit is ${MAX_METADATA_CHARS}` };
  }
  const read = readJson(json);
  if (!read.ok) return { ok: false, reason: read.isJson ? read.reason : "expected a JSON object" };
  const about = AnyObject.safeParse(read.value);
  if (about.success) return { ok: true, json: JSON.stringify(about.data) };
  const issue = about.error.issues[0];
  const isObject = issue?.code === "custom";
  return { ok: false, reason: isObject ? `${issue.path.join(".")} ${issue.message}`.trim() : "expected a JSON object" };
}

function invalid(c: Context<App>, path: string, message: string): Response {
  return problem(c, { code: "invalid_request", detail: `${path}: ${message}`, issues: [{ path, message }] });
}

function noSuchFile(id: string) {
  return { code: "file_not_found", detail: `There is no file '${id}'.` } as const;
}
