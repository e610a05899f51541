// A deployment that has been told to sign no condition against copies.
import { expect, test } from "vitest";

import type { PendingUpload } from "../producer/views/pending-upload.ts";
import { startDarkroom } from "./harness.ts";

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
