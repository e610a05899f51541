// Uploads directly to the bucket, through the runtime's own S3 endpoint.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { UploadRequest } from "../producer/uploads/requests.ts";
import type { PendingUpload } from "../producer/uploads/schema.ts";
import { SIGNED_HEADERS } from "../shared/uploads/signed-headers.ts";
import { JobTerms } from "../shared/jobs/terms.ts";
import { createEvent, KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom({ CORS_ORIGINS: "http://localhost:3000,http://localhost:5173" });
const PART_BYTES = 5 * 1024 * 1024;
const WORDS = speech("zero one two three");

/** Announce an upload that must be accepted. */
async function begin(body: Record<string, unknown>, key?: string): Promise<PendingUpload> {
  const response = await announce(body, key);
  expect(response.status).toBe(201);
  return (await response.json<{ upload: PendingUpload }>()).upload;
}

function announce(body: Record<string, unknown>, key = KEYS.operator): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return darkroom.api("/v1/uploads", { method: "POST", headers, body: JSON.stringify(body), key });
}

function put(url: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: "PUT", headers, body });
}

function complete(upload: PendingUpload, body?: unknown, key?: string): Promise<Response> {
  return darkroom.api(`/v1/uploads/${upload.id}/complete`, {
    method: "POST",
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(key !== undefined && { key }),
  });
}

async function refused(response: Response, status: number, code: string): Promise<string> {
  const problem = await response.json<{ code: string; detail: string }>();
  expect([response.status, problem.code]).toEqual([status, code]);
  return problem.detail;
}

/** Fifteen megabytes of speech and silence: three parts of five, the last one shorter. */
function recording(): Uint8Array<ArrayBuffer> {
  const wav = new Uint8Array(3 * PART_BYTES - 1000);
  wav.set(WORDS);
  new DataView(wav.buffer).setUint32(4, wav.length - 8, true);
  new DataView(wav.buffer).setUint32(40, wav.length - 44, true);
  return wav;
}

function parted(bytes: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[] {
  return [0, 1, 2].map((index) => bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
}

async function putPart(upload: PendingUpload, number: number, bytes: Uint8Array<ArrayBuffer>) {
  const part = upload.parts!.find((one) => one.number === number)!;
  expect(part.sizeBytes).toBe(bytes.length);
  const response = await put(part.url, bytes, upload.headers);
  expect(response.status).toBe(200);
  return { number, etag: response.headers.get("etag")! };
}

const THREE_PARTS = {
  name: "long.wav",
  sizeBytes: 3 * PART_BYTES - 1000,
  method: "multipart",
  partSizeBytes: PART_BYTES,
};
/** A short part for refused requests: the endpoint answers before it has read the body, and megabytes in flight would meet a reset. */
const SHORT_LAST_PART = { ...THREE_PARTS, sizeBytes: PART_BYTES + 100 };

test("a presigned PUT becomes a job when it is completed, the same one twice and when it is swept", async () => {
  const upload = await begin(
    {
      name: "a b+c%20é'.wav",
      sizeBytes: WORDS.length,
      contentType: "audio/wav",
      priority: "low",
      reuse: false,
      kind: "transcription",
      options: { initialPrompt: "Grüße  an Zoë" },
    },
    KEYS.other,
  );
  expect(upload).toMatchObject({
    method: "single",
    state: "pending",
    key: expect.stringMatching(/^inbox\/uploads\/.*é'\.wav$/),
  });
  await refused(await complete(upload, undefined, KEYS.other), 409, "upload_unfinished");

  const stored = await put(upload.url!, WORDS, upload.headers);
  expect([stored.status, await stored.text()]).toEqual([200, ""]);
  const object = await darkroom.bindings().MEDIA.head(upload.key);
  expect(object?.customMetadata).toMatchObject({ owner: "other", "declared-bytes": String(WORDS.length) });
  expect(object?.httpMetadata?.contentType).toBe("audio/wav");

  const first = await complete(upload, undefined, KEYS.other);
  expect(first.status).toBe(201);
  const job = await first.json<JobView>();
  expect(job).toMatchObject({ input: { options: { initialPrompt: "Grüße  an Zoë" } } });
  const { DB } = darkroom.bindings();
  expect(await DB.prepare("SELECT priority FROM jobs").first("priority")).toBe(2);
  const again = await complete(upload, undefined, KEYS.other);
  expect([again.status, (await again.json<JobView>()).id]).toEqual([200, job.id]);
  await darkroom.maintain(new Date(Date.now() + 120_000));
  const { jobs } = await (await darkroom.api("/v1/jobs", { key: KEYS.other })).json<{ jobs: JobView[] }>();
  expect(jobs.map(({ id }) => id)).toEqual([job.id]);
  expect((await darkroom.untilJob(job.id, undefined, KEYS.other)).state).toBe("completed");
  expect((await darkroom.api(`/v1/jobs/${job.id}`)).status).toBe(404);
});

test.each(["event", "sweep"])("without completing, the %s gives the object its owner's job", async (found) => {
  const { MEDIA, UPLOADS } = darkroom.bindings();
  const upload = await begin({ name: "found.wav", sizeBytes: WORDS.length, method: "multipart" }, KEYS.other);
  const { number, etag } = await putPart(upload, 1, WORDS);
  const multipartId = new URL(upload.parts![0]!.url).searchParams.get("uploadId")!;
  // The parts are joined, and the client's answer is lost before there is a job.
  const object = await MEDIA.resumeMultipartUpload(upload.key, multipartId).complete([
    { partNumber: number, etag: JSON.parse(etag) as string },
  ]);
  if (found === "sweep") await darkroom.maintain(new Date(Date.now() + 120_000));
  else await UPLOADS.send(createEvent(upload.key, object.size, object.etag, "CompleteMultipartUpload"));
  const { uploads } = await until(
    async () =>
      (await darkroom.api("/v1/uploads", { key: KEYS.other })).json<{ uploads: { key: string; jobId: string }[] }>(),
    (page) => page.uploads.length === 1,
  );
  expect(uploads).toMatchObject([{ key: upload.key, jobId: expect.stringMatching(/^job_/) }]);
  const completed = await complete(upload, undefined, KEYS.other);
  expect([completed.status, (await completed.json<JobView>()).id]).toEqual([200, uploads[0]!.jobId]);
});

test("nothing that was signed can be changed: owner, options, type, length, key, time; and the URL cannot copy", async () => {
  const { MEDIA } = darkroom.bindings();
  await MEDIA.put("inbox/secret.wav", WORDS);
  // Only a few bytes, for the same reason as SHORT_LAST_PART.
  const body = WORDS.subarray(0, 16);
  const upload = await begin({ name: "a.wav", sizeBytes: body.length, contentType: "audio/wav" }, KEYS.other);
  const url = upload.url!;
  const headers = { ...upload.headers };
  const { "x-amz-meta-owner": _owner, ...ownerless } = headers;
  const expired = new URL(url);
  expired.searchParams.set("X-Amz-Date", "20200101T000000Z");
  const forgeries: Record<string, () => Promise<Response>> = {
    owner: () => put(url, body, { ...headers, "x-amz-meta-owner": "operator" }),
    "no owner": () => put(url, body, ownerless),
    terms: () => put(url, body, { ...headers, "x-amz-meta-terms": '{"priority":"high"}' }),
    size: () => put(url, body, { ...headers, "x-amz-meta-declared-bytes": "9" }),
    type: () => put(url, body, { ...headers, "content-type": "text/html" }),
    longer: () => put(url, WORDS.subarray(0, body.length + 1), headers),
    shorter: () => put(url, body.subarray(1), headers),
    key: () => put(url.replace("a.wav", "b.wav"), body, headers),
    expiry: () => put(url.replace("X-Amz-Expires=86400", "X-Amz-Expires=604799"), body, headers),
    date: () => put(expired.href, body, headers),
    part: () => put(`${url}&partNumber=1&uploadId=x`, body, headers),
    deletion: () => fetch(url, { method: "DELETE", headers }),
    reading: () => fetch(url, { headers }),
    copy: () =>
      put(url, body, {
        ...headers,
        "x-amz-copy-source": "darkroom-media/inbox/secret.wav",
        "x-amz-metadata-directive": "REPLACE",
      }),
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    // The connection that is kept from the last answer may be closing. Try once more on a new one.
    const { status } = await forge().catch(forge);
    expect([what, status]).toEqual([what, expect.toSatisfy((code) => code >= 400 && code < 500)]);
  }
  expect(await MEDIA.head(upload.key)).toBeNull();

  const multipart = await begin(SHORT_LAST_PART, KEYS.other);
  const [, last] = multipart.parts!;
  const copy = () =>
    put(last!.url, new Uint8Array(last!.sizeBytes), {
      ...multipart.headers,
      "x-amz-copy-source": "darkroom-media/inbox/secret.wav",
    });
  const { status } = await copy().catch(copy);
  expect([last!.sizeBytes, status]).toEqual([100, expect.toSatisfy((code) => code >= 400)]);
});

test("three parts become one object and one job", async () => {
  const wav = recording();
  const upload = await begin({ ...THREE_PARTS, contentType: "audio/wav", options: { language: "en" } }, KEYS.other);
  expect(upload).toMatchObject({ method: "multipart", partSizeBytes: PART_BYTES });
  const [one, two, three] = parted(wav);
  const parts = [await putPart(upload, 3, three!), await putPart(upload, 1, one!)];
  expect(await refused(await complete(upload, { parts }, KEYS.other), 409, "upload_unfinished")).toMatch(
    /1 of 3 .*: 2$/,
  );
  parts.push(await putPart(upload, 2, two!));
  const wrong = parts.map((part) => ({ ...part, etag: "0".repeat(32) }));
  await refused(await complete(upload, { parts: wrong }, KEYS.other), 409, "upload_unfinished");

  const answers = await Promise.all([complete(upload, { parts }, KEYS.other), complete(upload, { parts }, KEYS.other)]);
  const jobs = await Promise.all(answers.map((answer) => answer.json<JobView>()));
  expect(answers.map(({ status }) => status)).toContain(201);
  expect(jobs[0]!.id).toBe(jobs[1]!.id);
  const object = await darkroom.bindings().MEDIA.get(upload.key);
  expect(object?.customMetadata).toMatchObject({ owner: "other" });
  expect(Buffer.compare(Buffer.from(await object!.arrayBuffer()), Buffer.from(wav))).toBe(0);
  const job = await darkroom.untilJob(jobs[0]!.id, undefined, KEYS.other);
  expect(job).toMatchObject({ state: "completed", input: { options: { language: "en" } } });
  await refused(
    await darkroom.api(`/v1/uploads/${upload.id}`, { method: "DELETE", key: KEYS.other }),
    409,
    "upload_finished",
  );
});

test("an interrupted upload continues after the parts that it reported", async () => {
  const upload = await begin(THREE_PARTS);
  const parts = parted(recording());
  const report = (part: unknown) =>
    darkroom.api(`/v1/uploads/${upload.id}/parts`, { method: "PUT", body: JSON.stringify({ parts: [part] }) });
  const first = await putPart(upload, 1, parts[0]!);
  expect((await report(first)).status).toBe(204);

  // Another program continues a day later, with only the id.
  const { upload: found } = await (await darkroom.api(`/v1/uploads/${upload.id}`)).json<{ upload: PendingUpload }>();
  expect(found).toMatchObject({ state: "pending", storedParts: [first], partSizeBytes: PART_BYTES });
  const signed = await darkroom.api(`/v1/uploads/${upload.id}/parts`, { method: "POST" });
  const { upload: rest } = await signed.json<{ upload: PendingUpload }>();
  expect(rest.parts!.map(({ number }) => number)).toEqual([2, 3]);
  for (const number of [2, 3]) await report(await putPart(rest, number, parts[number - 1]!));
  const response = await complete(upload);
  expect(response.status).toBe(201);
  expect((await darkroom.bindings().MEDIA.head(upload.key))?.size).toBe(THREE_PARTS.sizeBytes);
  await darkroom.untilJob((await response.json<JobView>()).id);
});

test("an aborted or expired upload leaves nothing, and no other owner finds it", async () => {
  const [aborted, expired] = [await begin(SHORT_LAST_PART), await begin(SHORT_LAST_PART)];
  for (const [path, method] of [
    ["", "GET"],
    ["", "DELETE"],
    ["/complete", "POST"],
    ["/parts", "POST"],
    ["/s3", "GET"],
    ["/s3", "POST"],
    ["/s3", "DELETE"],
  ]) {
    await refused(
      await darkroom.api(`/v1/uploads/${aborted.id}${path}`, { method: method!, key: KEYS.other }),
      404,
      "upload_not_found",
    );
  }
  expect((await darkroom.api(`/v1/uploads/${aborted.id}`, { method: "DELETE" })).status).toBe(204);
  await darkroom.maintain(new Date(Date.now() + 23 * 3_600_000));
  expect((await darkroom.api(`/v1/uploads/${expired.id}`)).status).toBe(200);
  await darkroom.maintain(new Date(Date.now() + 25 * 3_600_000));
  for (const upload of [aborted, expired]) {
    await refused(await complete(upload), 404, "upload_not_found");
    const putLate = () => put(upload.parts![1]!.url, new Uint8Array(100), upload.headers);
    const late = await putLate().catch(putLate);
    expect([late.status, await late.text()]).toEqual([404, expect.stringContaining("NoSuchUpload")]);
  }
});

test("bin/provision lets pages send every header that a presigned PUT can sign", async () => {
  const provision = join(import.meta.dirname, "../bin/provision");
  const { stdout } = await promisify(execFile)(provision, ["--dry-run", "--origin", "https://app.example"]);
  const [, rules = ""] = /^# \.wrangler\/r2-cors\.json: (.*)$/m.exec(stdout) ?? [];
  const { allowed } = (JSON.parse(rules) as { rules: { allowed: { headers: string[] } }[] }).rules[0]!;
  await darkroom
    .bindings()
    .DB.prepare(`UPDATE api_keys SET max_concurrent_jobs = 5, content_types = '["audio/"]' WHERE id = 'other'`)
    .run();
  const everything = {
    name: "a.wav",
    sizeBytes: 5,
    contentType: "audio/wav",
    kind: "transcription",
    options: { language: "en" },
    priority: "low",
    tags: ["a"],
    metadata: { order: "A-1" },
    then: ["summarise"],
  };
  // A new field must be named here. All terms are in one header.
  const shape = Object.keys(UploadRequest.shape).filter((field) => !(field in JobTerms.shape));
  expect([...Object.keys(everything), "method", "partSizeBytes"]).toEqual(expect.arrayContaining(shape));
  const { headers } = await begin(everything, KEYS.other);
  expect(Object.keys(headers!).toSorted()).toEqual(SIGNED_HEADERS.toSorted());
  expect(allowed.headers).toEqual(SIGNED_HEADERS);
});

test("an object other than declared, or of a kind its key may not upload, gets no job", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const upload = await begin({ name: "a.wav", sizeBytes: 5 });
  // Only a person with the bucket's credentials can do this, or a store that ignores a signed length.
  await MEDIA.put(upload.key, WORDS, { customMetadata: { owner: "operator", "declared-bytes": "5" } });
  expect(await refused(await complete(upload), 415, "unsupported_media")).toMatch(/5 were declared/);
  await darkroom.maintain(new Date(Date.now() + 120_000));
  const { uploads } = await (await darkroom.api("/v1/uploads")).json<{ uploads: unknown[] }>();
  expect(uploads).toMatchObject([
    { key: upload.key, jobId: null, ignoredReason: expect.stringMatching(/5 were declared/) },
  ]);
  const byHand = await darkroom.post("/v1/jobs", { kind: "transcription", source: upload.key });
  await refused(byHand, 415, "unsupported_media");

  await DB.prepare(
    `UPDATE api_keys SET max_upload_bytes = 1000, content_types = '["image/"]' WHERE id = 'other'`,
  ).run();
  const limited = (body: Record<string, unknown>) =>
    announce({ name: "a.png", sizeBytes: 100, contentType: "image/png", ...body }, KEYS.other);
  expect(await refused(await limited({ sizeBytes: 1001 }), 413, "upload_too_large")).toMatch(/at most 1000/);
  await refused(await limited({ contentType: "audio/wav" }), 415, "unsupported_media");
  await refused(await limited({ contentType: undefined }), 415, "unsupported_media");
  const direct = (body: BodyInit) => darkroom.api("/v1/uploads?name=a.txt", { method: "POST", body, key: KEYS.other });
  await refused(await direct("x".repeat(1001)), 413, "upload_too_large");
  expect(await refused(await direct("a text"), 415, "unsupported_media")).toMatch(/may upload only image\//);

  const lie = (await (await limited({ sizeBytes: 6 })).json<{ upload: PendingUpload }>()).upload;
  expect((await put(lie.url!, "a text", lie.headers)).status).toBe(200);
  expect(await refused(await complete(lie, undefined, KEYS.other), 415, "unsupported_media")).toMatch(
    /may upload only image\//,
  );
});

test.each([
  [{ sizeBytes: 5 }, /^name/],
  [{ name: "a/b", sizeBytes: 5 }, /^name/],
  [{ name: "a", sizeBytes: 0 }, /^sizeBytes/],
  [{ name: "a", sizeBytes: 50_000_000_001 }, /^sizeBytes/],
  [{ name: "a", sizeBytes: 5, contentType: "audio/\nx" }, /^contentType/],
  [{ name: "a", sizeBytes: 5, partSizeBytes: 5 }, /^partSizeBytes/],
  [{ name: "a", sizeBytes: 5, kind: "transcription", options: { tier: "best" } }, /^options.tier/],
  [{ name: "a", sizeBytes: 5, priority: "now" }, /^priority/],
  [{ name: "a", sizeBytes: 5, colour: "red" }, /colour/],
])("a wrong announcement of an upload is refused: %j", async (body, detail) => {
  const response = await announce(body);
  expect(await refused(response, 422, "invalid_request")).toMatch(detail);
});

test("fifty gigabytes are taken, in a thousand parts or in the smallest, signed a thousand at once", async () => {
  const largest = { name: "a.mkv", sizeBytes: 50_000_000_000 };
  const usual = await begin(largest);
  expect([usual.parts!.length, usual.partSizeBytes]).toEqual([1000, 50_000_000]);
  const smallest = await begin({ ...largest, partSizeBytes: PART_BYTES });
  expect(smallest.parts).toHaveLength(1000);
  const sign = (number: number) => darkroom.post(`/v1/uploads/${smallest.id}/parts`, { numbers: [number] });
  const { upload } = await (await sign(9537)).json<{ upload: PendingUpload }>();
  expect(upload.parts).toMatchObject([{ number: 9537, sizeBytes: 50_000_000_000 - 9536 * PART_BYTES }]);
  await refused(await sign(9538), 422, "invalid_request");
});

test("a JSON file that has a name is media as before", async () => {
  const headers = { "content-type": "application/json" };
  const stored = await darkroom.api("/v1/uploads?name=a.txt", {
    method: "POST",
    headers,
    body: '{"name": "a", "sizeBytes": 5}',
  });
  expect([stored.status, (await stored.json<JobView>()).kind]).toEqual([201, "classification"]);
});

test("a page of an allowed site may announce uploads, and a page of another site may not", async () => {
  const preflight = (origin: string) =>
    darkroom.api("/v1/uploads", {
      method: "OPTIONS",
      key: null,
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const allowed = await preflight("http://localhost:5173");
  expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([204, "http://localhost:5173"]);
  expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
});

describe("without credentials", () => {
  const bare = startDarkroom({ R2_SECRET_ACCESS_KEY: "" });

  test("announcing says which secrets to set", async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name: "a.wav", sizeBytes: 5 });
    const response = await bare.api("/v1/uploads", { method: "POST", headers, body });
    expect(await refused(response, 501, "presign_unavailable")).toContain("R2_SECRET_ACCESS_KEY");
  });
});
