import * as fc from "fast-check";
import { expect, test } from "vitest";

import { boundaryOf, MAX_FIELD_HEADER_BYTES, MAX_FORM_FIELDS, parseForm } from "../producer/http/parse-form.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Return a form as the runtime writes it, which is how browsers and the SDKs of the dialects write it. */
async function encoded(form: FormData): Promise<{ body: Uint8Array; boundary: string }> {
  const response = new Response(form);
  const boundary = boundaryOf(response.headers.get("content-type")!);
  if (boundary === null) throw new Error("the runtime names a boundary that is refused");
  return { body: new Uint8Array(await response.arrayBuffer()), boundary };
}

test("any form that the runtime writes is read field by field, and files to the last byte", async () => {
  const name = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\\\0]|%22|%0/g, ""));
  const text = fc
    .string({ unit: "grapheme" })
    .map((value) => value.replaceAll("\0", "").replaceAll(/\r\n|\r|\n/g, "\r\n"));
  const file = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array([...bytes, 13, 10, 45, 45, 13, 13, 10]));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(text, file)), { maxLength: MAX_FORM_FIELDS }), async (fields) => {
      const form = new FormData();
      for (const [field, value] of fields) {
        if (typeof value === "string") form.append(field, value);
        else form.append(field, new Blob([value], { type: "audio/wav" }), 'a "name".wav');
      }
      const { body, boundary } = await encoded(form);
      const parsed = parseForm(body, boundary);
      if (!parsed.ok) throw new Error(parsed.reason);
      for (const [field] of fields) {
        const texts = fields.flatMap(([other, value]) => (other === field && typeof value === "string" ? [value] : []));
        const bytes = fields.flatMap(([other, value]) =>
          other === field && typeof value !== "string" ? [value] : [],
        )[0];
        expect(parsed.form.texts.get(field) ?? []).toEqual(texts);
        const found = parsed.form.files.get(field);
        expect(found && { ...found, bytes: [...found.bytes] }).toEqual(
          bytes && { bytes: [...bytes], contentType: "audio/wav", fileName: 'a "name".wav' },
        );
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});

function part(name: string, value: string): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

test("a form of 60,000 fields is left at the fifty-first", () => {
  const hostile = bytesOf(`${Array.from({ length: 60_000 }, (_, index) => part(`f${index}`, "")).join("")}--b--`);
  expect(hostile.length).toBeGreaterThan(3_000_000);
  expect(parseForm(hostile, "b")).toMatchObject({
    ok: false,
    fields: MAX_FORM_FIELDS + 1,
    reason: "the form has more than 50 fields",
  });
  const most = `${Array.from({ length: MAX_FORM_FIELDS }, (_, index) => part(`f${index}`, "1")).join("")}--b--`;
  const parsed = parseForm(bytesOf(most), "b");
  expect(parsed.ok && parsed.form.texts.size).toBe(MAX_FORM_FIELDS);
});

test("the work grows no faster than the body", () => {
  // Every place looks like the beginning of a boundary, and is not one.
  const steps = [1, 2, 4].map((times) => {
    const body = bytesOf(`${part("a", "\r\n--".repeat(times * 5000))}--b--`);
    let looks = 0;
    const watched = new Proxy(body, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof name === "string" && /^\d+$/.test(name)) looks += 1;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    parseForm(watched, "b");
    return looks / body.length;
  });
  for (const looks of steps) expect(looks).toBeLessThan(2);
});

test.each<[string, string, RegExp, string]>([
  [
    "headers without an end",
    `--b\r\nX: ${"a".repeat(MAX_FIELD_HEADER_BYTES)}\r\n\r\n\r\n--b--`,
    /headers of field 1 do not end/,
    "",
  ],
  ["no name", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", /field 1 has no Content-Disposition/, ""],
  ["no headers", "--b\r\n\r\nx\r\n--b--", /field 1 has no Content-Disposition/, ""],
  ["no end", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", /last boundary is missing/, ""],
  ["nothing", "", /last boundary is missing/, ""],
  ["another boundary", part("a", "x").replaceAll("--b", "--c"), /last boundary is missing/, ""],
])("a form with %s is refused with the reason", (_, body, reason, path) => {
  expect(parseForm(bytesOf(body), "b")).toMatchObject({ ok: false, path, reason: expect.stringMatching(reason) });
});

test("a name or a value that is not text is refused, and a file may be anything", () => {
  const form = (name: string, value: string) => {
    const text = `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--`;
    // \x.. stands for its byte.
    return parseForm(
      Uint8Array.from(text, (char) => char.charCodeAt(0)),
      "b",
    );
  };
  expect(form("prompt", "caf\xe9")).toMatchObject({
    path: "prompt",
    reason: expect.stringMatching(/^is not UTF-8 \(byte 3 is 0xE9\); it looks like Windows-1252/),
  });
  expect(form("prompt", "\xed\xa0\xbd")).toMatchObject({ ok: false, path: "prompt" });
  expect(form("\xed\xa0\xbd", "x")).toMatchObject({ ok: false, reason: expect.stringMatching(/^the name of field 1/) });
  expect(form('file"; filename="a', "\xed\xa0\xbd\0")).toMatchObject({ ok: true });
});

test("names are read as browsers, curl and others write them", () => {
  const named = (disposition: string) => {
    const parsed = parseForm(
      bytesOf(`preamble\r\n--b  \r\ncontent-DISPOSITION:${disposition}\r\n\r\nx\r\n--b--\r\n`),
      "b",
    );
    return parsed.ok ? [...parsed.form.texts.keys(), ...parsed.form.files.keys()] : parsed.reason;
  };
  expect(named(' form-data; name="a"')).toEqual(["a"]);
  expect(named("form-data;name=a")).toEqual(["a"]);
  expect(named('form-data; name="a\\"b"')).toEqual(['a"b']);
  expect(named('form-data; name="a%22b"')).toEqual(['a"b']);
  expect(named(`form-data; filename="name=; x.wav"; name="file"; filename*=UTF-8''%e2%82%ac`)).toEqual(["file"]);
  expect(named('attachment; name="a"')).toMatch(/no Content-Disposition/);
});

test("a boundary has 1 to 70 of its characters", () => {
  expect(boundaryOf("multipart/form-data; boundary=----WebKitFormBoundaryx9")).toBe("----WebKitFormBoundaryx9");
  expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b:c"')).toBe("a b:c");
  expect(boundaryOf(`multipart/form-data; boundary=${"a".repeat(70)}`)).toBe("a".repeat(70));
  for (const wrong of ["a".repeat(71), '""', "", "a\u00e9", '"a "', `${"a".repeat(70)};x=${"y".repeat(999)}`]) {
    expect([wrong, boundaryOf(`multipart/form-data; boundary=${wrong}`)]).toEqual([wrong, null]);
  }
  expect(boundaryOf("multipart/mixed; boundary=a")).toBe(null);
  expect(boundaryOf("application/json")).toBe(null);
});
