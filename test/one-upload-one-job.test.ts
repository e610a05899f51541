// A presigned URL is valid for a day and any number of PUTs. Whatever is sent there, an upload becomes one job.
import { expect, test } from "vitest";

import { presignPut, s3Of } from "../producer/uploads/presign.ts";
import type { PendingUpload } from "../producer/uploads/schema.ts";
import { MEDIA_BUCKET } from "../shared/uploads/storage.ts";
import { insertJobs } from "../shared/db/jobs/jobs.ts";
import { uploadJobId } from "../shared/uploads/announcement.ts";
import { newJob } from "../shared/jobs/new-job.ts";
import { JobTerms } from "../shared/jobs/terms.ts";
import { createEvent, KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";
import { JobWork } from "../shared/kinds/index.ts";

const darkroom = startDarkroom();

/** Texts of one length, so that a signed length allows each of them. */
const TEXTS = ["first", "other", "third", "again", "never", "later", "extra", "eight"];
const SIZE_BYTES = 5;

async function announce(key: string = KEYS.other, body: object = {}): Promise<PendingUpload> {
  const headers = { "content-type": "application/json" };
  const asked = JSON.stringify({ name: "a.txt", sizeBytes: SIZE_BYTES, ...body });
  const response = await darkroom.api("/v1/uploads", { method: "POST", headers, body: asked, key });
  expect(response.status).toBe(201);
  return (await response.json<{ upload: PendingUpload }>()).upload;
}

/** Return the same URL as signed for a store without conditions. */
async function unconditional(upload: PendingUpload): Promise<(body: BodyInit) => Promise<string>> {
  const { "if-none-match": _, ...headers } = upload.headers!;
  const s3 = s3Of(darkroom.bindings(), darkroom.origin())!;
  const url = await presignPut(s3, upload.key, { headers, sizeBytes: upload.sizeBytes, seconds: 3600 });
  return async (body) => {
    const response = await fetch(url, { method: "PUT", headers, body });
    expect(response.status).toBe(200);
    return JSON.parse(response.headers.get("etag")!) as string;
  };
}

const tell = (upload: PendingUpload, etag: string) =>
  darkroom.bindings().UPLOADS.send(createEvent(upload.key, upload.sizeBytes, etag));

interface Seen {
  readonly key: string;
  readonly etag: string;
  readonly jobId: string | null;
  readonly ignoredReason: string | null;
}

/** Return the state of this many objects, once they are handled. */
async function seen(count: number, key: string = KEYS.other): Promise<readonly Seen[]> {
  return until(
    async () => (await (await darkroom.api("/v1/uploads", { key })).json<{ uploads: Seen[] }>()).uploads,
    (uploads) => uploads.length >= count,
    20_000,
  );
}

const complete = (upload: PendingUpload, key: string = KEYS.other) =>
  darkroom.api(`/v1/uploads/${upload.id}/complete`, { method: "POST", key });
const countJobs = () => darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM jobs").first<number>("n");
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

async function make(limits: object): Promise<{ id: string; key: string }> {
  const body = { label: "limited", ownerId: "other", scopes: ["jobs:read", "jobs:write"], ...limits };
  return (await darkroom.post("/v1/keys", body)).json();
}

const ALREADY = /become a job already/;

test("PUTs to one URL, one after the other, are one job; what came later is listed with the reason", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const { key } = await make({ maxConcurrentJobs: 5, maxUploadBytesADay: SIZE_BYTES });
  const upload = await announce(key);
  const put = await unconditional(upload);
  const etags: string[] = [];
  for (const text of TEXTS.slice(0, 3)) {
    etags.push(await put(text));
    await tell(upload, etags.at(-1)!);
    await seen(etags.length);
  }
  const uploads = await seen(3);
  const became = new Map(uploads.map(({ etag, ...rest }) => [etag, rest]));
  expect(became.get(etags[0]!)).toMatchObject({ jobId: expect.stringMatching(/^job_/), ignoredReason: null });
  for (const etag of etags.slice(1)) {
    expect(became.get(etag)).toMatchObject({ jobId: null, ignoredReason: expect.stringMatching(ALREADY) });
  }
  // Uncounted bytes do not become a job, neither by completing the upload nor by naming its object.
  await put("later");
  expect(await codeOf(await complete(upload, key))).toEqual([409, "upload_replaced"]);
  const byHand = { kind: "classification", source: upload.key };
  for (const who of [key, KEYS.other]) {
    expect(await codeOf(await darkroom.post("/v1/jobs", byHand, who))).toEqual([409, "upload_replaced"]);
  }
  expect((await seen(4)).filter(({ ignoredReason }) => ignoredReason?.match(ALREADY))).toHaveLength(3);
  await darkroom.maintain(new Date(Date.now() + 120_000));
  expect(await countJobs()).toBe(1);
});

test("PUTs to one URL at the same time, with their events and requests to complete them, are one job", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const upload = await announce();
  const put = await unconditional(upload);
  const completed: Promise<Response>[] = [];
  // Two clients each continue with their next bytes while the last ones are handled.
  const send = async (texts: readonly string[]) => {
    const etags: string[] = [];
    for (const text of texts) {
      etags.push(await put(text));
      await tell(upload, etags.at(-1)!);
      completed.push(complete(upload));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    return etags;
  };
  const etags = (await Promise.all([send(TEXTS.slice(0, 4)), send(TEXTS.slice(4))])).flat();
  const answers = await Promise.all(completed);
  const uploads = await seen(TEXTS.length);
  expect(uploads.map(({ etag }) => etag).toSorted()).toEqual(etags.toSorted());
  const taken = uploads.filter(({ jobId }) => jobId !== null);
  expect(taken).toHaveLength(1);
  expect(await countJobs()).toBe(1);
  for (const answer of answers.filter(({ ok }) => ok)) {
    expect((await answer.json<JobView>()).id).toBe(taken[0]!.jobId);
  }
  for (const answer of answers.filter(({ ok }) => !ok)) {
    expect(["upload_replaced", "upload_unfinished"]).toContain((await answer.json<{ code: string }>()).code);
  }
});

test("a URL as it was signed takes the first of the PUTs that come at once", async () => {
  const upload = await announce();
  const send = async (body: string) =>
    (await fetch(upload.url!, { method: "PUT", headers: upload.headers!, body })).status;
  const statuses = await Promise.all(TEXTS.map(send));
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...TEXTS.slice(1).map(() => 412)]);
  expect((await complete(upload)).status).toBe(201);
});

test("two versions of an upload that are found in one batch are one job, and the second has the reason", async () => {
  const { DB } = darkroom.bindings();
  const now = Date.now();
  const versions = ["a", "b"].map((etag) => ({ bucket: MEDIA_BUCKET, key: "inbox/uploads/one/a.txt", etag }));
  const jobs = await Promise.all(
    versions.map(async (upload) => {
      const source = { key: upload.key, etag: upload.etag, sizeBytes: SIZE_BYTES };
      const work = JobWork.parse({ kind: "classification", input: { source, media: "text", options: {} } });
      const about = {
        id: await uploadJobId(upload),
        ownerId: "other",
        createdAt: now,
        upload,
      };
      return newJob(work, JobTerms.parse({}), about);
    }),
  );
  const uploads = versions.map((upload, index) => ({
    ...upload,
    ownerId: "other",
    sizeBytes: SIZE_BYTES,
    jobId: jobs[index]!.id,
    ignoredReason: null,
    ifRefused: "another reason",
  }));
  const { refused } = await insertJobs(DB, { jobs, uploads }, now);
  expect(refused).toMatchObject([{ etag: "b", ignoredReason: expect.stringMatching(ALREADY) }]);
  const became = (await seen(2)).map(({ etag, jobId }): [string, string | null] => [etag, jobId]);
  expect(Object.fromEntries(became)).toEqual({ a: jobs[0]!.id, b: null });
  expect(await countJobs()).toBe(1);
});

test("stored uploads that are never completed get as many jobs as their key may have, and the others have the reason", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const { key } = await make({ maxConcurrentJobs: 2 });
  const uploads = await Promise.all(TEXTS.slice(0, 5).map(() => announce(key)));
  // Objects of a key without a limit come first in the batch, and do not take a place of the limited key.
  const free = await Promise.all(TEXTS.slice(0, 3).map(() => announce()));
  const events: object[] = [];
  for (const [index, upload] of [...free, ...uploads].entries()) {
    const etag = await (await unconditional(upload))(TEXTS[index % TEXTS.length]!);
    events.push(createEvent(upload.key, SIZE_BYTES, etag));
  }
  for (const _ of [1, 2]) await darkroom.bindings().UPLOADS.sendBatch(events.map((body) => ({ body })));
  const listed = await seen(events.length);
  const limited = listed.filter((one) => uploads.some((upload) => upload.key === one.key));
  expect(limited.filter(({ jobId }) => jobId !== null)).toHaveLength(2);
  const refused = limited.filter(({ jobId }) => jobId === null);
  expect(refused.map(({ ignoredReason }) => ignoredReason)).toEqual(
    [1, 2, 3].map(() => expect.stringMatching(/may have 2 unfinished jobs/)),
  );
  expect(listed.filter(({ jobId }) => jobId !== null)).toHaveLength(5);

  // None of them is lost. When one job has ended, another object gets its job.
  const source = refused[0]!.key;
  expect(await codeOf(await darkroom.post("/v1/jobs", { kind: "classification", source }, key))).toEqual([
    429,
    "too_many_jobs",
  ]);
  const running = limited.find(({ jobId }) => jobId !== null)!;
  await darkroom.api(`/v1/jobs/${running.jobId}`, { method: "DELETE", key });
  expect((await darkroom.post("/v1/jobs", { kind: "classification", source }, key)).status).toBe(201);
  const after = (await seen(events.length)).find((one) => one.key === source)!;
  expect(after).toMatchObject({ jobId: expect.stringMatching(/^job_/), ignoredReason: null });
});

test("an object that is stored after the upload was aborted, or its key revoked or expired, is listed and does not become a job", async () => {
  const { DB } = darkroom.bindings();
  const [revoked, expired] = [await make({}), await make({})];
  const byRight = await announce(revoked.key);
  const rightEtag = await (await unconditional(byRight))("first");
  const [aborted, late, old] = [await announce(), await announce(revoked.key), await announce(expired.key)];
  expect((await darkroom.api(`/v1/uploads/${aborted.id}`, { method: "DELETE", key: KEYS.other })).status).toBe(204);
  expect((await darkroom.api(`/v1/keys/${revoked.id}`, { method: "DELETE" })).status).toBe(200);
  await DB.prepare("UPDATE api_keys SET expires_at = ?2 WHERE id = ?1").bind(expired.id, Date.now()).run();
  // R2 gives the time of an object in milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const upload of [aborted, late, old]) await tell(upload, await (await unconditional(upload))("other"));
  await tell(byRight, rightEtag);

  const uploads = new Map((await seen(4)).map((one) => [one.key, one]));
  expect(uploads.get(aborted.key)).toMatchObject({ jobId: null, ignoredReason: "its upload was aborted" });
  expect(uploads.get(late.key)).toMatchObject({ jobId: null, ignoredReason: expect.stringContaining("was revoked") });
  expect(uploads.get(old.key)).toMatchObject({ jobId: null, ignoredReason: expect.stringContaining("had expired") });
  expect(uploads.get(byRight.key)).toMatchObject({ jobId: expect.stringMatching(/^job_/), ignoredReason: null });
  expect(await codeOf(await complete(aborted))).toEqual([404, "upload_not_found"]);
  expect(await countJobs()).toBe(1);
  // The owner can still make a job of one with a valid key.
  const source = late.key;
  expect((await darkroom.post("/v1/jobs", { kind: "classification", source }, KEYS.other)).status).toBe(201);
});

test("an object put where another owner announced an upload is ignored, and takes nothing from that upload", async () => {
  const upload = await announce();
  const foreign = await darkroom.bindings().MEDIA.put(upload.key, "stray", { customMetadata: { owner: "operator" } });
  await tell(upload, foreign.etag);
  const reason = "another owner has announced an upload under this object key";
  expect(await seen(1, KEYS.operator)).toMatchObject([{ jobId: null, ignoredReason: reason }]);
  await (
    await unconditional(upload)
  )("first");
  expect((await complete(upload)).status).toBe(201);
});

test("a multipart upload is whole once: its parts' URLs are worth nothing then, and completing it again is the same job", async () => {
  const words = speech("one two");
  const upload = await announce(KEYS.other, { name: "a.wav", sizeBytes: words.length, method: "multipart" });
  const send = () => fetch(upload.parts![0]!.url, { method: "PUT", headers: upload.headers!, body: words });
  const etag = (await send()).headers.get("etag")!;
  const body = JSON.stringify({ parts: [{ number: 1, etag }] });
  const finish = () => darkroom.api(`/v1/uploads/${upload.id}/complete`, { method: "POST", body, key: KEYS.other });
  const ids = new Set<string>();
  for (const answer of [...(await Promise.all([finish(), finish(), finish()])), await finish()]) {
    ids.add((await answer.json<JobView>()).id);
  }
  expect(ids.size).toBe(1);
  expect((await send()).status).toBe(404);
  const again = await darkroom.post(`/v1/uploads/${upload.id}/parts`, {}, KEYS.other);
  expect(await codeOf(again)).toEqual([409, "upload_finished"]);
});
