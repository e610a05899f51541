// Each bad input ends in a clear problem or in a dead letter with its reason, and does not affect other jobs.
import { expect, test } from "vitest";

import type { Problem } from "../producer/http/problem.ts";
import { speech } from "./speech.ts";
import { createEvent, KEYS, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom();

async function expectProblem(response: Response, status: number, code: string, detail: RegExp): Promise<void> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await response.json<Problem & { type: string; status: number }>();
  expect(problem).toMatchObject({ type: `urn:darkroom:problem:${code}`, status, code });
  expect(response.status).toBe(status);
  expect(problem.detail).toMatch(detail);
}

async function upload(query: Record<string, string>, body: BodyInit): Promise<Response> {
  return darkroom.api(`/v1/uploads?${new URLSearchParams(query).toString()}`, { method: "POST", body });
}

async function ignoredReason(key: string): Promise<string | null | undefined> {
  const uploads = async () =>
    (await darkroom.api("/v1/uploads")).json<{ uploads: { key: string; ignoredReason: string | null }[] }>();
  const found = await until(uploads, (list) => list.uploads.some((row) => row.key === key));
  return found.uploads.find((row) => row.key === key)?.ignoredReason;
}

/** A PNG that only has a header. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  bytes.set([8, 2, 0, 0, 0], 24);
  return bytes;
}

const PDF = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\n";
const SVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;

test("an empty file", async () => {
  await expectProblem(await upload({ name: "a.mp3" }, ""), 415, "unsupported_media", /empty/);
  await darkroom.putAndAnnounce("inbox/empty.mp3", "");
  expect(await ignoredReason("inbox/empty.mp3")).toBe("the object is empty");
});

test("damaged audio is discarded after one attempt, with the model's own words", async () => {
  const job = await darkroom.untilJob((await darkroom.upload({ name: "cut.mp3" }, speech("error:3010 truncated"))).id);
  expect(job).toMatchObject({ state: "failed", error: { code: "unsupported_audio" } });
  expect(job.error?.message).toMatch(/could not read this audio.*3010: scripted failure/);
  expect(job.attempts).toHaveLength(1);
});

test("a PDF named .mp3", async () => {
  await expectProblem(await upload({ name: "song.mp3" }, PDF), 415, "unsupported_media", /this is a PDF document/);
  await expectProblem(
    await upload({ name: "song.mp3", kind: "transcription" }, PDF),
    415,
    "unsupported_media",
    /this is a PDF document, which no model here reads/,
  );
  await darkroom.putAndAnnounce("inbox/song.mp3", PDF);
  expect(await ignoredReason("inbox/song.mp3")).toMatch(
    /this is a PDF document, which no model here reads\. .*pdftoppm/,
  );
});

test("a form posted where the file's bytes are expected is refused with the command that sends them", async () => {
  const form = new FormData();
  form.append("file", new Blob([speech("one two")]), "recording.wav");
  const encoded = new Response(form);
  const body = new Uint8Array(await encoded.arrayBuffer());
  await expectProblem(await upload({ name: "recording.wav" }, body), 415, "unsupported_media", /--data-binary @/);
  await darkroom.putAndAnnounce("inbox/form.wav", body);
  expect(await ignoredReason("inbox/form.wav")).toMatch(/multipart form/);
});

test.each([
  ["HEIC", "....ftypheic....heicmif1", /HEIC picture.*magick.*"images": .* in wrangler\.jsonc\.$/],
  ["AVIF", "....ftypavif....avifmif1", /AVIF picture.*magick.*"images": .* in wrangler\.jsonc\.$/],
  ["a segment of a stream", "....stypmsdh....msdhmsix", /cat init\.mp4 segment-\*\.m4s/],
])("%s is refused by its name, with what makes it readable", async (_name, text, message) => {
  const body = new TextEncoder().encode(text.replaceAll("....", "\0\0\0\x18") + "\0".repeat(100));
  await expectProblem(await upload({ name: "picture.bin" }, body), 415, "unsupported_media", message);
});

test("a picture that claims 20,000 × 20,000 pixels is refused before a model is paid", async () => {
  const { id } = await darkroom.upload({ name: "huge.png" }, pngHeader(20_000, 20_000) as BodyInit);
  const job = await darkroom.untilJob(id);
  expect(job).toMatchObject({ state: "failed", error: { code: "image_too_large" } });
  expect(job.error?.message).toContain("20000 × 20000");
  expect(job.attempts[0]?.model).toBeNull();
});

test("an SVG with a script", async () => {
  await expectProblem(
    await upload({ name: "logo.svg" }, SVG),
    415,
    "unsupported_media",
    /this is an XML file, which no model here reads/,
  );
  await expectProblem(
    await upload({ name: "logo.png", kind: "classification" }, SVG),
    415,
    "unsupported_media",
    /Export a drawing as PNG/,
  );
});

test.each([
  ["dots", "inbox/../../etc/passwd.mp3"],
  ["unicode", "inbox/日本語 ñ 🎧.mp3"],
  ["1,024 bytes", `inbox/${"k".repeat(1024 - "inbox/".length - ".mp3".length)}.mp3`],
])("an object key with %s is like any other", async (_, key) => {
  await darkroom.putAndAnnounce(key, speech("strange key"));
  expect(await ignoredReason(key)).toBeNull();
  const submitted = await darkroom.submit({ kind: "transcription", source: key });
  expect(await darkroom.untilJob(submitted.id)).toMatchObject({ state: "completed", input: { source: { key } } });
});

test("a file name that is a path, or a key over 1,024 bytes, is refused", async () => {
  for (const name of ["../secret.mp3", "a/b.mp3", "..", "a\\b.mp3", "a\u0000.mp3"]) {
    await expectProblem(await upload({ name }, "x"), 422, "invalid_request", /^name:/);
  }
  const source = "é".repeat(600);
  await expectProblem(
    await darkroom.post("/v1/jobs", { kind: "transcription", source }),
    422,
    "invalid_request",
    /1024 bytes/,
  );
});

test("an object that is overwritten or deleted between event and read has no job", async () => {
  const { MEDIA, UPLOADS } = darkroom.bindings();
  const first = await MEDIA.put("inbox/change.mp3", "first words");
  await MEDIA.put("inbox/change.mp3", "second words");
  await UPLOADS.send(createEvent("inbox/change.mp3", 11, first!.etag));
  expect(await ignoredReason("inbox/change.mp3")).toMatch(/overwritten before it was read/);
  await UPLOADS.send(createEvent("inbox/gone.mp3", 11, first!.etag));
  expect(await ignoredReason("inbox/gone.mp3")).toMatch(/deleted before it was read/);
  // If the same bytes are put there again, it is the same upload, and it can be read now.
  await darkroom.putAndAnnounce("inbox/gone.mp3", "first words");
  await until(
    () => ignoredReason("inbox/gone.mp3"),
    (reason) => reason === null,
  );
});

test.each(["source_replaced", "source_missing"])("a source changed between job and attempt: %s", async (code) => {
  const { MEDIA, DB } = darkroom.bindings();
  // The first attempt fails, so that there is time between the submission and the next attempt.
  const name = `${code}.mp3`;
  const { id, input } = await darkroom.upload({ name }, speech(`error:3043x1 ${code}`));
  await darkroom.untilJob(id, (job) => job.waiting !== null);
  const { key } = (input as { source: { key: string } }).source;
  if (code === "source_replaced") await MEDIA.put(key, "other words");
  else await MEDIA.delete(key);
  await DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0").run();
  await darkroom.maintain();
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "failed", error: { code } });
});

test("a prompt over the limit is refused, in the request or as a file", async () => {
  const prompt = "p".repeat(2049);
  await expectProblem(
    await darkroom.post("/v1/jobs", { kind: "image_generation", prompt }),
    422,
    "invalid_request",
    /^prompt: .*2048/,
  );
  const job = await darkroom.untilJob((await darkroom.upload({ name: "long.prompt" }, prompt)).id);
  expect(job).toMatchObject({ state: "failed", error: { code: "invalid_prompt" } });
});

test.each([
  [{ kind: "image_generation", prompt: "x", options: { steps: "four" } }, /^options.steps/],
  [{ kind: "image_generation", prompt: "x", options: { steps: 9 } }, /1 to 8 steps/],
  [{ kind: "image_generation", prompt: "x", options: { width: 512 } }, /does not take 'width'/],
  [{ kind: "image_generation" }, /exactly one of prompt, source/],
  [
    { kind: "transcription", source: "inbox/a.mp3", options: { tier: "fast", language: "de" } },
    /does not take 'language'/,
  ],
  [{ kind: "transcription", source: "results/job_x/1/a.mp3" }, /results cannot be sources/],
  [{ kind: "classification", text: "x", options: { topK: 0 } }, /^options.topK/],
  [{ kind: "classification", text: "x", options: { colour: "red" } }, /colour/],
  [{ kind: "karaoke" }, /^kind/],
  [[], /object/],
])("options of the wrong type or value are refused: %j", async (body, detail) => {
  await expectProblem(await darkroom.post("/v1/jobs", body), 422, "invalid_request", detail);
});

test("options of the wrong type on an uploaded object are refused", async () => {
  await darkroom.putAndAnnounce("inbox/a.mp3", "x", { options: '{"tier":7}' });
  expect(await ignoredReason("inbox/a.mp3")).toMatch(/metadata 'options': tier/);
  await darkroom.putAndAnnounce("inbox/b.mp3", "x", { kind: "karaoke" });
  expect(await ignoredReason("inbox/b.mp3")).toMatch(/'karaoke', expected one of transcription/);
});

test("a body over 1 MB, and one that is not JSON, are refused", async () => {
  const prompt = "x".repeat(1_000_001);
  await expectProblem(
    await darkroom.post("/v1/jobs", { kind: "image_generation", prompt }),
    413,
    "body_too_large",
    /1000000 bytes/,
  );
  await expectProblem(await darkroom.api("/v1/jobs", { method: "POST", body: "{" }), 400, "invalid_json", /JSON/);
  const headers = { "content-type": "multipart/form-data; boundary=edge" };
  const body = '--edge\r\ncontent-disposition: form-data; name="kind"\r\n\r\nclassification\r\n--edge--\r\n';
  const posted = await darkroom.api("/v1/jobs", { method: "POST", headers, body });
  await expectProblem(posted, 400, "invalid_json", /^The body is a form, and this route takes JSON\. .*-d/);
});

test("a client that sends a large body gets the reason of an early refusal, and the stored answer of a repeated request", async () => {
  const large = new Uint8Array(12_000_000);
  const headers = { authorization: `Bearer ${KEYS.operator}` };
  // Use a separate client over a socket, because the harness's client cannot lose an answer.
  const send = (path: string, more: Record<string, string> = {}, body: Uint8Array<ArrayBuffer> = large) =>
    fetch(`${darkroom.origin()}${path}`, { method: "POST", headers: { ...headers, ...more }, body });
  const wav = new Uint8Array(large);
  wav.set(speech("sleep:20000"));
  const keyed = { "idempotency-key": "large" };
  expect((await send("/v1/uploads?name=a.wav", keyed, wav)).status).toBe(201);
  for (let round = 0; round < 2; round += 1) {
    await expectProblem(await send("/v1/uploads?name=a.bin"), 415, "unsupported_media", /unknown type/);
    await expectProblem(await send("/v1/jobs"), 413, "body_too_large", /at most/);
    expect((await send("/v1/uploads?name=a.wav", keyed, wav)).headers.get("idempotency-replayed")).toBe("true");
  }
  const form = { "content-type": "multipart/form-data; boundary=x" };
  expect((await send("/openai/v1/audio/transcriptions", form, new Uint8Array(27_000_000))).status).toBe(413);
});

test("a body without a length is refused", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("streamed words"));
      controller.close();
    },
  });
  const init = { method: "POST", body, duplex: "half" } as RequestInit;
  await expectProblem(await darkroom.api("/v1/uploads?name=a.mp3", init), 411, "length_required", /Content-Length/);
});

test("an unknown job, another owner's job and another owner's source do not exist", async () => {
  await expectProblem(await darkroom.api("/v1/jobs/job_nothing"), 404, "job_not_found", /job_nothing/);
  const { id } = await darkroom.upload({ name: "mine.mp3" }, speech("my words"));
  const job = await darkroom.untilJob(id);
  for (const [path, method] of [
    [`/v1/jobs/${id}`, "GET"],
    [`/v1/jobs/${id}`, "DELETE"],
    [`/v1/jobs/${id}/cancel`, "POST"],
  ] as const) {
    await expectProblem(await darkroom.api(path, { method, key: KEYS.other }), 404, "job_not_found", /There is no job/);
  }
  const artifact = `/v1/jobs/${id}/artifacts/transcript.txt`;
  await expectProblem(await darkroom.api(artifact, { key: KEYS.other }), 404, "artifact_not_found", /no artifact/);
  const { key } = (job.input as { source: { key: string } }).source;
  const theirs = await darkroom.post("/v1/jobs", { kind: "transcription", source: key }, KEYS.other);
  await expectProblem(theirs, 404, "source_not_found", /There is no object/);
});

test("a missing, a wrong and a revoked key are refused", async () => {
  const wrong = [null, "nonsense", `dk_operator_${"w".repeat(32)}`, `dk_nobody_${"o".repeat(32)}`, KEYS.revoked];
  for (const key of wrong) {
    const response = await darkroom.api("/v1/jobs", { key });
    expect(response.headers.get("www-authenticate")).toContain('Bearer realm="darkroom"');
    await expectProblem(response, 401, "unauthorized", /Authorization: Bearer|revoked/);
  }
});

test("messages that make no sense are kept whole and never looped", async () => {
  const { UPLOADS, TASKS } = darkroom.bindings();
  await TASKS.send({ v: 0, taskId: "of no version" });
  await TASKS.send("not even an object", { contentType: "text" });
  await TASKS.send(new Uint8Array([1, 2, 255]), { contentType: "bytes" });
  await UPLOADS.send({ action: "PutObject", object: {} });
  await UPLOADS.send(null);
  type Letters = { deadLetters: { queue: string; body: string; code: string }[] };
  const { deadLetters } = await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<Letters>(),
    (list) => list.deadLetters.length === 5,
  );
  expect(deadLetters.map(({ body }) => body).toSorted()).toEqual(
    [
      '"not even an object"',
      "null",
      '{"action":"PutObject","object":{}}',
      '{"base64":"AQL/"}',
      '{"v":0,"taskId":"of no version"}',
    ].toSorted(),
  );
  expect(new Set(deadLetters.map(({ code }) => code))).toEqual(new Set(["malformed_message"]));
});

test("a model that answers nonsense is paid for once more and not five times, and its neighbours in the batch are not", async () => {
  const submit = (prompt: string) => darkroom.submit({ kind: "image_generation", prompt });
  const [bad, ...good] = await Promise.all([submit("garbage"), submit("fine 1"), submit("fine 2")]);
  for (const { id } of good) expect((await darkroom.untilJob(id)).attempts).toHaveLength(1);
  const job = await darkroom.untilJob(bad.id, ({ waiting }) => waiting !== null);
  expect(job).toMatchObject({ state: "running", waiting: { code: "unexpected_answer" } });
  expect(job.waiting?.message).toMatch(/flux-1-schnell' answered in an unknown shape: image/);
  await darkroom
    .bindings()
    .DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE finalized_at IS NULL")
    .run();
  await darkroom.maintain();
  const failed = await darkroom.untilJob(bad.id);
  expect(failed).toMatchObject({ state: "failed", error: { code: "unexpected_answer" } });
  expect(failed.attempts).toHaveLength(2);
});
