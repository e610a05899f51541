// The real plug-in with the code in docs/uploads.md. Node has no XMLHttpRequest, so test/xhr.ts provides one.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runInThisContext } from "node:vm";

import { beforeAll, expect, test } from "vitest";

import type { PendingUpload } from "../producer/uploads/schema.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";
import { FetchXhr, failAfterPuts } from "./xhr.ts";

const darkroom = startDarkroom();
const SIZE_BYTES = 20_000_000; // three parts of 8 MiB
/** The code in the documentation, with its imports. Uppy's types would bring a browser's types into this project. */
let example: string;
let Uppy: unknown;
let AwsS3: new (uppy: unknown, options: object) => object;

interface Upload {
  readonly uploadId: string;
  readonly key: string;
}

/** The part of Uppy that is used here. Its own types need a browser's types. */
interface TestUppy {
  addFile(file: { name: string; type: string; data: Blob }): string;
  getFile(id: string): { s3Multipart?: Upload };
  setFileState(id: string, state: { s3Multipart: Upload }): void;
  upload(): Promise<{ successful: { uploadURL: string }[]; failed: unknown[] }>;
  cancelAll(): void;
}

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: FetchXhr });
  const [core, plugin]: string[] = ["@uppy/core", "@uppy/aws-s3"];
  ({ default: Uppy } = (await import(core!)) as { default: unknown });
  ({ default: AwsS3 } = (await import(plugin!)) as { default: typeof AwsS3 });
  const docs = await readFile(join(import.meta.dirname, "../docs/uploads.md"), "utf8");
  example = /```js\n(.*?)```/s.exec(docs)?.[1] ?? "";
});

async function page(shouldUseMultipart: boolean): Promise<TestUppy> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ name: "a", sizeBytes: 1 });
  const { upload } = await (
    await darkroom.api("/v1/uploads", { method: "POST", headers, body })
  ).json<{ upload: PendingUpload }>();
  const auth = { authorization: `Bearer ${KEYS.operator}` };
  // The plug-in's own limit is 100 MiB. For a test, twenty megabytes are enough.
  class Plugin extends AwsS3 {
    constructor(uppy: unknown, options: object) {
      super(uppy, { ...options, shouldUseMultipart });
    }
  }
  const source = `(Uppy, AwsS3, api, auth) => {\n${example}\nreturn uppy;\n}`;
  const run = runInThisContext(source) as (...args: unknown[]) => unknown;
  return run(Uppy, Plugin, new URL("/v1/uploads", upload.abort).href, auth) as TestUppy;
}

function recording(): Blob {
  const wav = new Uint8Array(SIZE_BYTES);
  wav.set(speech("zero one two three"));
  new DataView(wav.buffer).setUint32(4, SIZE_BYTES - 8, true);
  new DataView(wav.buffer).setUint32(40, SIZE_BYTES - 44, true);
  return new Blob([wav], { type: "audio/wav" });
}

const FILE = { name: "talk.wav", type: "audio/wav" };

test("Uppy sends a small file with one PUT, and it has its job at once", async () => {
  const uppy = await page(false);
  uppy.addFile({ ...FILE, data: new Blob([speech("four five")], { type: "audio/wav" }) });
  const { successful, failed } = await uppy.upload();
  expect([successful.length, failed.length]).toEqual([1, 0]);
  const { jobs } = await until(
    async () => (await darkroom.api("/v1/jobs")).json<{ jobs: JobView[] }>(),
    (list) => list.jobs.length === 1,
  );
  expect((await darkroom.untilJob(jobs[0]!.id)).state).toBe("completed");
});

test("a page that is closed after a part resumes where it was", async () => {
  const first = await page(true);
  const id = first.addFile({ ...FILE, data: recording() });
  failAfterPuts(1);
  const interrupted = await first.upload();
  expect(interrupted.failed).toHaveLength(1);
  const state = first.getFile(id).s3Multipart!;
  const stored = await until(
    async () => (await (await darkroom.api(`/v1/uploads/${state.uploadId}`)).json<{ upload: PendingUpload }>()).upload,
    (upload) => upload.storedParts?.length === 1,
  );
  expect(stored.storedParts).toMatchObject([{ number: 1 }]);

  // Golden Retriever restores the file and the place where it was.
  const second = await page(true);
  second.setFileState(second.addFile({ ...FILE, data: recording() }), { s3Multipart: state });
  const puts = failAfterPuts(Infinity);
  const { successful } = await second.upload();
  expect(puts()).toBe(2);
  const job = await darkroom.untilJob(successful[0]!.uploadURL.split("/").at(-1)!);
  expect(job.state).toBe("completed");
  expect((await darkroom.bindings().MEDIA.head(state.key))?.size).toBe(SIZE_BYTES);
});

test("cancelling in Uppy aborts the upload", async () => {
  const uppy = await page(true);
  const id = uppy.addFile({ ...FILE, data: recording() });
  const upload = uppy.upload().catch(() => null);
  const state = await until(
    async () => uppy.getFile(id).s3Multipart,
    (found) => found !== undefined,
  );
  uppy.cancelAll();
  await upload;
  const gone = await until(
    async () => (await darkroom.api(`/v1/uploads/${state!.uploadId}`)).status,
    (status) => status !== 200,
  );
  expect(gone).toBe(404);
});
