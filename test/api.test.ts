import { expect, test } from "vitest";

import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

interface Page {
  readonly jobs: readonly JobView[];
  readonly nextCursor: string | null;
}

async function list(query: Record<string, string>): Promise<Page> {
  return (await darkroom.api(`/v1/jobs?${new URLSearchParams(query).toString()}`)).json<Page>();
}

async function transcript(): Promise<JobView> {
  return darkroom.untilJob((await darkroom.upload({ name: "a.mp3" }, speech("zero one two three"))).id);
}

test("health needs no key, and an unknown address is a problem", async () => {
  expect(await (await darkroom.api("/healthz", { key: null })).json()).toEqual({ status: "ok" });
  const nowhere = await darkroom.api("/v1/nowhere");
  expect(nowhere.status).toBe(404);
  expect(await nowhere.json()).toMatchObject({ code: "not_found" });
});

test("a submitted job answers 201 with its address, and its status has every detail", async () => {
  const response = await darkroom.post("/v1/jobs", { kind: "image_generation", prompt: "a boat" });
  expect(response.status).toBe(201);
  const submitted = await response.json<JobView>();
  expect(response.headers.get("location")).toMatch(new RegExp(`/v1/jobs/${submitted.id}$`));
  const job = await darkroom.untilJob(submitted.id);
  expect(job.progress).toEqual({ tasksCompleted: 1, tasksTotal: 1, fraction: 1 });
  expect(job.timings.queuedMs).toBeGreaterThanOrEqual(0);
  expect(job.timings.runningMs).toBeGreaterThanOrEqual(0);
  const image = await fetch(job.artifacts[0]!.url, { headers: { authorization: `Bearer ${KEYS.operator}` } });
  expect(image.status).toBe(200);
});

test("jobs are listed newest first, filtered, and paged by a cursor without gap or repeat", async () => {
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    ids.push((await darkroom.submit({ kind: "image_generation", prompt: `boat ${index}` })).id);
  }
  await darkroom.submit({ kind: "classification", text: "theirs" }, KEYS.other);
  for (const id of ids) await darkroom.untilJob(id);

  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await list({ limit: "3", ...(cursor !== null && { cursor }) });
    seen.push(...page.jobs.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(new Set(seen)).toEqual(new Set(ids));
  expect(seen).toHaveLength(7);
  const times = (await list({})).jobs.map(({ createdAt }) => createdAt);
  expect(times).toEqual(times.toSorted().toReversed());

  expect((await list({ state: "completed" })).jobs).toHaveLength(7);
  expect((await list({ state: "failed" })).jobs).toEqual([]);
  expect((await list({ kind: "classification" })).jobs).toEqual([]);
  const fourth = (await darkroom.readJob(ids[3]!)).createdAt;
  const after = (await list({ createdAfter: fourth })).jobs.map(({ id }) => id);
  expect(after).toEqual(expect.arrayContaining(ids.slice(3)));
  const before = (await list({ createdBefore: fourth })).jobs.map(({ id }) => id);
  expect(before.some((id) => after.includes(id))).toBe(false);
});

test.each([
  ["limit=0", /^limit/],
  ["limit=ten", /^limit/],
  ["state=done", /^state/],
  ["cursor=%21%21", /^cursor/],
  [`cursor=${btoa("1:' OR 1=1")}`, /^cursor/],
  ["createdAfter=yesterday", /^createdAfter/],
  ["colour=red", /colour/],
  ["state=failed&state=queued", /^state/],
])("a wrong query for a list is refused: %s", async (query, detail) => {
  const response = await darkroom.api(`/v1/jobs?${query}`);
  expect(response.status).toBe(422);
  expect((await response.json<{ detail: string }>()).detail).toMatch(detail);
});

test("an artifact has an ETag, answers ranges, and is safe to open", async () => {
  const job = await transcript();
  const path = `/v1/jobs/${job.id}/artifacts/transcript.txt`;
  // Ask for an uncompressed answer: the local runtime compresses text, and then sends no length.
  const whole = await darkroom.api(path, { headers: { "accept-encoding": "identity" } });
  expect(whole.headers.get("x-content-type-options")).toBe("nosniff");
  expect(whole.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(whole.headers.get("content-length")).toBe("19");
  expect(await whole.text()).toBe("zero one two three\n");

  const etag = whole.headers.get("etag")!;
  const same = await darkroom.api(path, { headers: { "if-none-match": etag } });
  expect(same.status).toBe(304);
  expect((await darkroom.api(path, { headers: { "if-none-match": "unquoted" } })).status).toBe(200);
  const ranged = async (range: string) => darkroom.api(path, { headers: { range } });
  const part = await ranged("bytes=5-7");
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 5-7/19", "one"]);
  const tail = await ranged("bytes=-6");
  expect([tail.status, await tail.text()]).toEqual([206, "three\n"]);
  expect((await ranged("bytes=4-")).headers.get("content-range")).toBe("bytes 4-18/19");
  const outside = await ranged("bytes=19-");
  expect([outside.status, outside.headers.get("content-range")]).toEqual([416, "bytes */19"]);
  const head = await darkroom.api(path, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "19"]);
});

test("an artifact that a browser could run is a download", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const job = await transcript();
  await MEDIA.put("results/evil", "<script>alert(1)</script>");
  await DB.prepare("INSERT INTO artifacts VALUES (?1, 'page.html', 'results/evil', 'text/html', 25, 'x')")
    .bind(job.id)
    .run();
  const response = await darkroom.api(`/v1/jobs/${job.id}/artifacts/page.html`);
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(response.headers.get("content-disposition")).toMatch(/^attachment/);
  expect(response.headers.get("content-security-policy")).toMatch(/sandbox/);
});

test("a job is cancelled while it waits, once; what has ended cannot be", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:3043 wait" });
  await darkroom.untilJob(id, ({ waiting }) => waiting !== null);
  const cancel = async (job: string) => darkroom.api(`/v1/jobs/${job}/cancel`, { method: "POST" });
  expect(await (await cancel(id)).json()).toMatchObject({ state: "cancelled" });
  expect((await cancel(id)).status).toBe(200);
  const done = await transcript();
  const refused = await cancel(done.id);
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: "job_finished" });
});

test("a large upload is streamed into the bucket whole", async () => {
  const body = new Uint8Array(6_000_000).fill(65);
  body.set(new TextEncoder().encode("ID3\u0003"));
  const { input, id } = await darkroom.upload({ name: "long.mp3" }, body);
  const { source } = input as { source: { key: string; sizeBytes: number } };
  expect(source.sizeBytes).toBe(6_000_000);
  const stored = await darkroom.bindings().MEDIA.get(source.key);
  expect(Buffer.compare(Buffer.from(await stored!.arrayBuffer()), body)).toBe(0);
  await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" });
});

test("options with letters from everywhere survive the way through an object's metadata", async () => {
  const options = { initialPrompt: "Grüße, 東京 🎧", language: "de" };
  const { id } = await darkroom.upload({ name: "ñandú 東京.mp3", options: JSON.stringify(options) }, speech("wort"));
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", input: { options } });
  await darkroom.putAndAnnounce("inbox/x.mp3", speech("wort zwei"), { options: JSON.stringify(options) });
});
