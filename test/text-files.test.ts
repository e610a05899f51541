// Text files in every encoding, through every entrance. They are read correctly, or refused with advice and not paid for.
import { expect, test } from "vitest";

import type { PendingUpload } from "../producer/uploads/schema.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();

const utf8 = (text: string) => Uint8Array.from(new TextEncoder().encode(text));
const bytesOf = (...parts: (readonly number[] | Uint8Array)[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function utf16(text: string, isLittle: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 2);
  for (let at = 0; at < text.length; at += 1)
    new DataView(bytes.buffer).setUint16(at * 2, text.charCodeAt(at), isLittle);
  return bytes;
}

const WORDS = "Grüße aus Łódź \u{1F3A7}";

const ENCODINGS = {
  "UTF-8": utf8(WORDS),
  "UTF-8 with a mark": bytesOf([0xef, 0xbb, 0xbf], utf8(WORDS)),
  "UTF-16 LE with a mark": bytesOf([0xff, 0xfe], utf16(WORDS, true)),
  "UTF-16 BE with a mark": bytesOf([0xfe, 0xff], utf16(WORDS, false)),
};

const REFUSED = {
  "Windows-1252": [
    bytesOf(utf8("caf"), [0xe9]),
    /is not UTF-8 \(byte 3 is 0xE9\); it looks like Windows-1252 or Latin-1: save it as UTF-8, or convert it/,
  ],
  "UTF-16 without a mark": [
    utf16("a cat", true),
    /looks like UTF-16 \(little-endian\) without a byte-order mark: save it/,
  ],
  "Shift-JIS": [bytesOf([0x82, 0xb1, 0x82, 0xf1, 0x82, 0xc9]), /looks like Shift-JIS: save it/],
  "a NUL": [utf8("a\0cat"), /holds a NUL at byte 1/],
} as const satisfies Record<string, readonly [Uint8Array<ArrayBuffer>, RegExp]>;

type Door = (name: string, bytes: Uint8Array<ArrayBuffer>) => Promise<{ jobId: string } | { refusal: string }>;

async function answered(response: Response): Promise<{ jobId: string } | { refusal: string }> {
  const { id, detail, code } = await response.json<{ id: string; detail: string; code: string }>();
  if (response.ok) return { jobId: id };
  expect([response.status, code]).toEqual([415, "unsupported_media"]);
  return { refusal: detail };
}

const DOORS: Readonly<Record<string, Door>> = {
  "the API": async (name, body) => answered(await darkroom.api(`/v1/uploads?name=${name}`, { method: "POST", body })),

  "a presigned PUT": async (name, body) => {
    const headers = { "content-type": "application/json" };
    const announced = JSON.stringify({ name, sizeBytes: body.length });
    const response = await darkroom.api("/v1/uploads", { method: "POST", headers, body: announced });
    const { upload } = await response.json<{ upload: PendingUpload }>();
    const put = await fetch(upload.url!, { method: "PUT", headers: upload.headers!, body });
    expect(put.status).toBe(200);
    return answered(await darkroom.api(`/v1/uploads/${upload.id}/complete`, { method: "POST" }));
  },

  "the bucket": async (name, body) => {
    const key = `inbox/${name}`;
    const { etag } = await darkroom.putAndAnnounce(key, body);
    type Seen = { key: string; etag: string; jobId: string | null; ignoredReason: string };
    const { uploads } = await until(
      async () => (await darkroom.api("/v1/uploads")).json<{ uploads: Seen[] }>(),
      (list) => list.uploads.some((one) => one.etag === etag),
    );
    const { jobId, ignoredReason } = uploads.find((one) => one.etag === etag)!;
    return jobId === null ? { refusal: ignoredReason } : { jobId };
  },

  "a job that names it": async (name, body) => {
    const source = `elsewhere/${name}`;
    await darkroom.bindings().MEDIA.put(source, body, { customMetadata: { owner: "operator" } });
    const kind = name.endsWith(".prompt") ? "image_generation" : "classification";
    return answered(await darkroom.post("/v1/jobs", { kind, source }, KEYS.operator));
  },
};

const each = Object.keys(DOORS).flatMap((door) => ["a.prompt", "a.txt"].map((name) => [door, name] as const));

test.each(each)("through %s, %s is what its byte-order mark says, else UTF-8", async (door, name) => {
  for (const [encoding, bytes] of Object.entries(ENCODINGS)) {
    const taken = await DOORS[door]!(name, bytes);
    expect([encoding, taken]).toEqual([encoding, { jobId: expect.any(String) }]);
    const { jobId } = taken as { jobId: string };
    expect(await darkroom.untilJob(jobId)).toMatchObject({ state: "completed" });
  }
  const { calls } = await darkroom.modelCalls();
  expect(Object.keys(calls).filter((asked) => asked.includes("\ufffd"))).toEqual([]);
  expect(Object.keys(calls).some((asked) => asked.includes(WORDS))).toBe(true);
});

test.each(each)(
  "through %s, %s of another encoding is refused with what to do, and no model is asked",
  async (door, name) => {
    const before = Object.keys((await darkroom.modelCalls()).calls).length;
    for (const [encoding, [bytes, reason]] of Object.entries(REFUSED)) {
      const refused = await DOORS[door]!(name, bytes);
      expect([encoding, refused]).toEqual([encoding, { refusal: expect.stringMatching(reason) }]);
    }
    expect(Object.keys((await darkroom.modelCalls()).calls)).toHaveLength(before);
    expect(await darkroom.bindings().DB.prepare("SELECT count(*) AS jobs FROM jobs").first("jobs")).toBe(0);
  },
);

test("a fault after the part that is checked on arrival fails the job, and no model is asked", async () => {
  const before = (await darkroom.modelCalls()).calls;
  for (const [name, chars, code] of [
    ["late.txt", 6000, "invalid_text"],
    ["late.prompt", 4200, "invalid_prompt"],
  ] as const) {
    const { id } = await darkroom.upload({ name }, bytesOf(utf8(" ".repeat(chars)), utf8("caf"), [0xe9]));
    const job = await darkroom.untilJob(id);
    expect(job).toMatchObject({ state: "failed", error: { code } });
    expect(job.error?.message).toMatch(new RegExp(`byte ${chars + 3} is 0xE9\\); it looks like Windows-1252`));
    expect(job.attempts[0]?.model).toBeNull();
  }
  expect((await darkroom.modelCalls()).calls).toEqual(before);
});

test.each([
  ["a text", "a.txt", 10_000, "classification", "source_too_large"],
  ["a prompt", "a.prompt", 2048, "image_generation", "invalid_prompt"],
] as const)("%s has as many characters as a file as it has in JSON", async (_, name, limit, kind, code) => {
  const field = kind === "classification" ? "text" : "prompt";
  const most = "\u{1F3A7}".repeat(limit);
  const reason = new RegExp(`has ${limit + 1} characters; the limit is ${limit}`);
  for (const file of [utf8(`${most}\n`), bytesOf([0xff, 0xfe], utf16(most, true))]) {
    expect(await darkroom.untilJob((await darkroom.upload({ name }, file)).id)).toMatchObject({ state: "completed" });
  }
  const job = await darkroom.submit({ kind, [field]: most });
  expect(await darkroom.untilJob(job.id)).toMatchObject({ state: "completed" });

  const tooLong = await darkroom.untilJob((await darkroom.upload({ name }, utf8(`${most}a`))).id);
  expect(tooLong).toMatchObject({ state: "failed", error: { code, message: expect.stringMatching(reason) } });
  const refused = await darkroom.post("/v1/jobs", { kind, [field]: `${most}a` });
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringMatching(reason)]);
});
