// A deployment that is configured not to sign a condition against copies.
import { expect, test } from "vitest";

import type { PendingUpload } from "../producer/uploads/schema.ts";
import { readMedia } from "../smoke/media.ts";
import { runChecks } from "../smoke/run-checks.ts";
import { WAITS } from "../smoke/smoke.ts";
import { KEYS, startDarkroom } from "./harness.ts";

const darkroom = startDarkroom({ R2_COPY_CONDITION: "false" });
const CONDITION = "x-amz-copy-source-if-match";

test.each(["single", "multipart"])("a %s upload is signed and taken without the condition", async (method) => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ name: "a.txt", sizeBytes: 5, contentType: "text/plain", method });
  const announced = await darkroom.api("/v1/uploads", { method: "POST", headers, body });
  const { upload } = await announced.json<{ upload: PendingUpload }>();
  const signed = [upload, ...(upload.parts ?? [])].flatMap(({ url }) => url ?? []);
  expect(signed).toHaveLength(1);
  expect(upload.headers).not.toHaveProperty(CONDITION);
  expect(new URL(signed[0]!).searchParams.get("X-Amz-SignedHeaders")).not.toContain(CONDITION);
  const stored = await fetch(signed[0]!, { method: "PUT", headers: { ...upload.headers }, body: "words" });
  expect(stored.status).toBe(200);
  const parts = method === "multipart" ? [{ number: 1, etag: stored.headers.get("etag")! }] : undefined;
  expect((await darkroom.post(`/v1/uploads/${upload.id}/complete`, { parts })).status).toBe(201);
});

test("the smoke run finds that the local bucket copies without it, and sends what it signs", async () => {
  const report = await runChecks({
    baseUrl: darkroom.origin(),
    key: KEYS.operator,
    isLocal: true,
    media: await readMedia(),
    waits: WAITS,
    signal: new AbortController().signal,
    fetch: (url, init) => globalThis.fetch(url, init),
    only: ["presigned", "multipart", "copies"],
  });
  const row = (name: string) => report.rows.find((one) => one.name === name);
  expect(row("presigned")).toMatchObject({ result: "pass" });
  expect(row("multipart")).toMatchObject({ result: "pass", means: expect.stringContaining("without the condition") });
  expect(row("copies")).toMatchObject({
    result: "fail",
    todo: expect.stringContaining("Remove the var R2_COPY_CONDITION"),
  });
});
